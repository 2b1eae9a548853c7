/** Named sets of IP networks. Two policies differ on purpose, so each has its own list. */
import { createNetworkSet } from './network-set.ts'

/**
 * Networks that rules call private: IANA's registries for special purposes exclude them from the public internet.
 * Documentation networks are among them; multicast and networks that embed an IPv4 address are not.
 */
export const PRIVATE_NETWORKS = createNetworkSet([
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

/** The network between providers and their customers, which rules call neither private nor public. */
export const SHARED_NETWORKS = createNetworkSet(['100.64.0.0/10'])

/**
 * Networks that `transport.publicOnly` never connects to: private, local and special use, multicast, and networks that
 * embed an IPv4 address, which may be private.
 */
export const NON_PUBLIC_NETWORKS = createNetworkSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/127',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
])
