/**
 * The public module `signalbox`: what a destination type of your own imports. It runs nothing.
 * Each name that it exports is listed here, because every one of them is an interface after a release.
 */
export type { JsonText } from './core/exact-json.ts'
export {
  type Answer,
  type AnswerEffect,
  type AnswerRule,
  type DeliveryNotice,
  type DestinationType,
  type DirectDestination,
  type DirectUpdateSupport,
  defineDestination,
  type ExchangeDestination,
  type HttpDestination,
  type Message,
  type OptionsSchema,
  type Outgoing,
  type ProviderAnswers,
  type ProviderError,
  type ProviderRate,
  type Receipt,
  type SendPorts,
  type Success,
  type Update,
  type UpdateSupport,
} from './destinations/_destination.ts'
export type { UserErrorCode } from './error-codes.ts'
export {
  Bug,
  type ErrorKind,
  isError,
  messageOf,
  PermanentError,
  RetryableError,
  type SendFailure,
  UserError,
} from './errors.ts'
export type { Notification } from './model/alerts/alert.ts'
export type { AlertKind } from './model/alerts/alert-kind.ts'
export type { ClosedReason, StatusName } from './model/alerts/alert-status.ts'
export type { AlertUpdate, UpdateEvent } from './model/alerts/alert-update.ts'
export type { Severity } from './model/alerts/severity.ts'
export type { HttpRequest, HttpResponse } from './model/ports.ts'
