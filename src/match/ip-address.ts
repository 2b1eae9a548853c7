/** Predicates on the text of an IP address or network. They are false for other texts. Pure. */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { createNetworkSet, isInNetworks, type NetworkSet } from '../core/network-set.ts'
import { PRIVATE_NETWORKS, SHARED_NETWORKS } from '../core/networks.ts'

export { isIP, isIPv4, isIPv6 }

export function isPrivate(address: string): boolean {
  return isInNetworks(PRIVATE_NETWORKS, address)
}

export function isPublic(address: string): boolean {
  return isIP(address) !== 0 && !isPrivate(address) && !isInNetworks(SHARED_NETWORKS, address)
}

/** @param cidr `10.0.0.0/8`, or one address. */
export function isInNetwork(address: string, cidr: string): boolean {
  const network = networkOf(cidr)
  return network !== null && isInNetworks(network, address)
}

/** Rules compare with the same few networks for every event. The limit is for networks that come from events. */
const MAX_CACHED_NETWORKS = 1_000
const known = new Map<string, NetworkSet | null>()

function networkOf(cidr: string): NetworkSet | null {
  let network = known.get(cidr)
  if (network === undefined) {
    network = readNetwork(cidr)
    if (known.size >= MAX_CACHED_NETWORKS) known.clear()
    known.set(cidr, network)
  }
  return network
}

function readNetwork(cidr: string): NetworkSet | null {
  const [address = '', length, ...rest] = cidr.split('/')
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (version === 0 || rest.length > 0 || !(prefix <= bits)) return null
  return createNetworkSet([`${address}/${prefix}`])
}
