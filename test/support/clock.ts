/** The clock that stands still, which the contract suite for users has, too. */
export { type ManualClock, manualClock } from '../../src/workspace/destination-contract/manual-clock.ts'
