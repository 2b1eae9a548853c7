/** The named sets of networks. */
import { describe, expect, it } from 'vitest'
import {
  createNetworkSet,
  isInNetworks,
  NON_PUBLIC_NETWORKS,
  PRIVATE_NETWORKS,
  SHARED_NETWORKS,
} from '../../src/core/networks.ts'

describe('the two policies', () => {
  it.each([
    ['10.1.2.3', true, true],
    ['::1', true, true],
    ['::ffff:10.0.0.1', true, true],
    // Rules call documentation networks private; a request may go there.
    ['203.0.113.9', true, false],
    ['2001:db8::1', true, false],
    // Requests never go to multicast or to an embedded IPv4 address.
    ['224.0.0.1', false, true],
    ['2002:0a00:0001::1', false, true],
    ['100.64.0.1', false, true],
    ['8.8.8.8', false, false],
    ['no address', false, false],
  ])('place %s in their own sets', (address, isPrivate, isNonPublic) => {
    expect(isInNetworks(PRIVATE_NETWORKS, address)).toBe(isPrivate)
    expect(isInNetworks(NON_PUBLIC_NETWORKS, address)).toBe(isNonPublic)
  })

  it('leave the shared network to a set of its own', () => {
    expect(isInNetworks(SHARED_NETWORKS, '100.64.0.1')).toBe(true)
    expect(isInNetworks(SHARED_NETWORKS, '100.128.0.1')).toBe(false)
  })
})

it('a set contains both families', () => {
  const set = createNetworkSet(['192.0.2.0/24', '2001:db8::/32'])
  expect(['192.0.2.1', '2001:db8::1', '192.0.3.1'].map((address) => isInNetworks(set, address))).toEqual([
    true,
    true,
    false,
  ])
})
