/** The HTTP server on loopback, which the contract suite for users has, too. */
export {
  type Answer,
  REFUSING_PORT,
  type Received,
  type Receiver,
  startReceiver,
} from '../../src/workspace/destination-contract/loopback-receiver.ts'
