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
export type * from './model/alert.ts'
export type * from './model/alert-kind.ts'
export type * from './model/destination.ts'
export type * from './model/detection.ts'
export type * from './model/evaluation.ts'
export type * from './model/event.ts'
export type * from './model/finding.ts'
export type * from './model/ports.ts'
export type * from './model/problem.ts'
export type * from './model/project.ts'
export type * from './model/route.ts'
export type * from './model/settings.ts'
export type * from './model/severity.ts'
export type * from './model/test-result.ts'
export type { Framed, Source, SourceContext, SourceSpec, SourceType } from './sources/_source.ts'
