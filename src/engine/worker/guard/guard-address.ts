/** WORKER THREAD. Python's objects of IP addresses: whether a text is one, and whether it is private. */
import { createNetworkSet } from '../../../core/network-set.ts'
import { PRIVATE_NETWORKS } from '../../../core/networks.ts'
import { isIPv4, isIPv6 } from '../../../match/ip-address.ts'
import {
  ADDRESS_ERROR,
  type Raised,
  requireAscii,
  TruthyValue,
  UNSUPPORTED,
  VALUE_ERROR,
} from './guard-values.ts'

class AddressValue extends TruthyValue {
  readonly text: string
  constructor(text: string) {
    super('address')
    this.text = text
  }
}

/** Versions of Python differ in what is private here. */
const UNCERTAIN = createNetworkSet(['192.0.0.0/24'])

export const ipAddress = (value: unknown) =>
  addressOf(value, (text) => isIPv4(text) || isIPv6(text), VALUE_ERROR)
export const ipv4Address = (value: unknown) => addressOf(value, isIPv4, ADDRESS_ERROR)
export const ipv6Address = (value: unknown) => addressOf(value, isIPv6, ADDRESS_ERROR)

/** `None` is no address. Numbers and bytes can be, and a scope id is read differently. */
function addressOf(value: unknown, test: (text: string) => boolean, error: Raised): TruthyValue {
  if (value === null) throw error
  if (typeof value !== 'string') throw UNSUPPORTED
  if (requireAscii(value).includes('%')) throw UNSUPPORTED
  if (!test(value)) throw error
  return new AddressValue(value)
}

/** `address.is_private` */
export function isPrivateAddress(value: unknown): boolean {
  if (!(value instanceof AddressValue) || !isIPv4(value.text)) throw UNSUPPORTED
  if (UNCERTAIN.hasIPv4(value.text)) throw UNSUPPORTED
  return PRIVATE_NETWORKS.hasIPv4(value.text)
}
