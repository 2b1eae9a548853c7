/** The public door: what authors of sources and destinations need, and the types of the model. It runs nothing. */
export {
  type Answer,
  type DestinationType,
  type DirectDestination,
  defineDestination,
  type ExchangeDestination,
  type HttpDestination,
  type Message,
  type OptionsSchema,
  type Outgoing,
  type Receipt,
  type SendPorts,
} from './destinations/_destination.ts'
export { Bug, isError, messageOf, PermanentError, RetryableError, UserError } from './errors.ts'
export type * from './model/alerts/alert.ts'
export type * from './model/alerts/alert-kind.ts'
export type * from './model/alerts/finding.ts'
export type * from './model/alerts/route.ts'
export type * from './model/alerts/severity.ts'
export type * from './model/events/evaluation.ts'
export type * from './model/events/event.ts'
export type * from './model/events/test-result.ts'
export type * from './model/ports.ts'
export type * from './model/project/destination.ts'
export type * from './model/project/detection.ts'
export type * from './model/project/problem.ts'
export type * from './model/project/project.ts'
export type * from './model/project/settings.ts'
export type {
  FramedEvent as Framed,
  Source,
  SourceContext,
  SourceSpec,
  SourceType,
} from './sources/_source.ts'
