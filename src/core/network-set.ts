/** A set of IP networks of both families. Pure. */
import { BlockList, isIP, isIPv4 } from 'node:net'

const DOT = 0x2e
const ZERO = 0x30
/** The addresses of IPv4 that are written as IPv6. */
const MAPPED = new BlockList()
MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6')

export class NetworkSet {
  readonly #networks = new BlockList()
  /** The first and the last address of each network of IPv4, as numbers, which are compared faster than by the list. */
  readonly #ranges: { readonly first: number; readonly last: number }[] = []
  /** Whether a network of IPv6 has addresses of IPv4. */
  #hasMapped = false

  /** @param networks valid networks such as `10.0.0.0/8`. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', length] = network.split('/')
      const prefix = Number(length)
      const family = isIPv4(address) ? 'ipv4' : 'ipv6'
      this.#networks.addSubnet(address, prefix, family)
      if (family === 'ipv4') this.#ranges.push(rangeOf(address, prefix))
      else this.#hasMapped ||= hasMapped(address, prefix)
    }
  }

  /** @param address a valid one. */
  hasIPv4(address: string): boolean {
    if (this.#hasMapped) return this.#networks.check(address, 'ipv4')
    const number = numberOfIPv4(address)
    for (const { first, last } of this.#ranges) if (number >= first && number <= last) return true
    return false
  }

  /** True also for an IPv4 address that is written as IPv6. */
  hasIPv6(address: string): boolean {
    return this.#networks.check(address, 'ipv6')
  }
}

/** @param networks valid networks such as `10.0.0.0/8`. */
export function createNetworkSet(networks: readonly string[]): NetworkSet {
  return new NetworkSet(networks)
}

/** True for an address in one of the networks, also for IPv4 that is written as IPv6; false for other texts. */
export function isInNetworks(networks: NetworkSet, address: string): boolean {
  const version = isIP(address)
  if (version === 4) return networks.hasIPv4(address)
  return version === 6 && networks.hasIPv6(address)
}

/** True for a text such as `10.0.0.0/8` or `::1/128`. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix = '', ...more] = text.split('/')
  const bits = isIPv4(address) ? 32 : 128
  return more.length === 0 && isIP(address) !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
}

function hasMapped(address: string, prefix: number): boolean {
  if (MAPPED.check(address, 'ipv6')) return true
  const network = new BlockList()
  network.addSubnet(address, prefix, 'ipv6')
  return network.check('::ffff:0:0', 'ipv6')
}

function rangeOf(address: string, prefix: number): { first: number; last: number } {
  const size = 2 ** (32 - prefix)
  const first = Math.floor(numberOfIPv4(address) / size) * size
  return { first, last: first + size - 1 }
}

/** The characters of a valid address are digits and dots. */
function numberOfIPv4(address: string): number {
  let [number, part] = [0, 0]
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at)
    if (code === DOT) {
      number = number * 256 + part
      part = 0
    } else part = part * 10 + code - ZERO
  }
  return number * 256 + part
}
