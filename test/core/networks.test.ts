/** The named sets of networks. */
import { BlockList, isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createNetworkSet, isInNetworks } from '../../src/core/network-set.ts'
import { NON_PUBLIC_NETWORKS, PRIVATE_NETWORKS, SHARED_NETWORKS } from '../../src/core/networks.ts'

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

/** The first and the last address of each network, and those beside them, of IPv4 and written as IPv6. */
it.each([
  '0.0.0.0/0',
  '0.0.0.0/8',
  '10.1.2.3/8',
  '172.16.0.0/12',
  '192.0.0.170/31',
  '203.0.113.7/32',
  '255.255.255.255/32',
  '224.0.0.0/3',
  '::/0',
  '::ffff:10.0.0.0/104',
  '::ffff:0:0/90',
  '2001:db8::/32',
])('%s has the addresses of IPv4 that the list of the runtime has', (network) => {
  const set = createNetworkSet([network])
  const [address = '', prefix] = network.split('/')
  const list = new BlockList()
  list.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  const addresses = [
    '0.0.0.0',
    '0.0.0.1',
    '0.255.255.255',
    '1.0.0.0',
    '9.255.255.255',
    '10.0.0.0',
    '10.255.255.255',
    '11.0.0.0',
    '172.15.255.255',
    '172.16.0.0',
    '172.31.255.255',
    '172.32.0.0',
    '192.0.0.169',
    '192.0.0.170',
    '192.0.0.171',
    '192.0.0.172',
    '203.0.113.6',
    '203.0.113.7',
    '203.0.113.8',
    '223.255.255.255',
    '224.0.0.0',
    '255.255.255.254',
    '255.255.255.255',
    '127.0.0.1',
    '128.0.0.0',
  ]
  for (const each of addresses) {
    expect([each, isInNetworks(set, each)]).toEqual([each, list.check(each, 'ipv4')])
    const mapped = `::ffff:${each}`
    expect([mapped, isInNetworks(set, mapped)]).toEqual([mapped, list.check(mapped, 'ipv6')])
  }
})
