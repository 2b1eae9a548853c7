/** Prevents requests to addresses outside of the public internet. */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isInNetworks } from '../../core/network-set.ts'
import { NON_PUBLIC_NETWORKS } from '../../core/networks.ts'

class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS'
}

/** True for IPv4 addresses that are written as IPv6, too. */
export function isPrivateAddress(address: string): boolean {
  return isInNetworks(NON_PUBLIC_NETWORKS, address)
}

/** Checks a host that is an address, because it is never looked up. */
export function assertPublicHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && isPrivateAddress(host)) throw new PrivateAddressError()
}

/** The check is made at the connection, so that a name cannot resolve to one address in the check and another in use. */
export const publicLookup: LookupFunction = (hostname, options: LookupOptions, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0)
    if (addresses.some(({ address }) => isPrivateAddress(address)))
      return callback(new PrivateAddressError(), '', 0)
    if (options.all) return callback(null, addresses)
    const [first] = addresses
    callback(null, first?.address ?? '', first?.family ?? 0)
  })
}
