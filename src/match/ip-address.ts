/** Predicates on the text of an IP address or network. They are false for other texts. Pure. */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

export { isIP, isIPv4, isIPv6 }

/** Networks that IANA's registries for special purposes exclude from the public internet. */
const PRIVATE_NETWORKS = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/29',
  '192.0.0.170/31',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '64:ff9b:1::/48',
  '100::/64',
  '2001:2::/48',
  '2001:db8::/32',
  '2001:10::/28',
  'fc00::/7',
  'fe80::/10',
])
/** The network between providers and their customers, which is neither private nor public. */
const SHARED_NETWORK = listOf(['100.64.0.0/10'])

export function isPrivate(address: string): boolean {
  return isIn(PRIVATE_NETWORKS, address)
}

export function isPublic(address: string): boolean {
  return isIP(address) !== 0 && !isPrivate(address) && !isIn(SHARED_NETWORK, address)
}

/** @param cidr `10.0.0.0/8`, or one address. */
export function isInNetwork(address: string, cidr: string): boolean {
  const network = networkOf(cidr)
  return network !== null && isIn(network, address)
}

function isIn(networks: BlockList, address: string): boolean {
  const version = isIP(address)
  return version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** Rules compare with the same few networks for every event. The limit is for networks that come from events. */
const MAX_CACHED_NETWORKS = 1_000
const known = new Map<string, BlockList | null>()

function networkOf(cidr: string): BlockList | null {
  let network = known.get(cidr)
  if (network === undefined) {
    network = readNetwork(cidr)
    if (known.size >= MAX_CACHED_NETWORKS) known.clear()
    known.set(cidr, network)
  }
  return network
}

function readNetwork(cidr: string): BlockList | null {
  const [address = '', length, ...rest] = cidr.split('/')
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (version === 0 || rest.length > 0 || !(prefix <= bits)) return null
  return listOf([`${address}/${prefix}`])
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address, prefix] = network.split('/') as [string, string]
    list.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}
