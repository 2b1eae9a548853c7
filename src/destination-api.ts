/**
 * The public module `signalbox/destination`: the contract of destination types, the helpers that the bundled types use, and
 * the contract suite. Each name that it exports is listed here, because every one of them is an interface after a release.
 */
export type { JsonText } from './core/exact-json.ts'
export { textAt } from './core/json-path.ts'
export type { SendResult } from './delivery/send.ts'
export {
  type Answer,
  type AnswerEffect,
  type AnswerRule,
  type AttemptOutcomes,
  type DeliveryNotice,
  type DestinationType,
  type DirectDestination,
  type DirectUpdateSupport,
  defineDestination,
  type ExchangeDestination,
  type FaultRule,
  type HttpDestination,
  type Message,
  type OptionsSchema,
  type Outgoing,
  type ProviderAnswers,
  type ProviderError,
  type ProviderRate,
  type Receipt,
  type SendPorts,
  type SendRequest,
  type Success,
  type Update,
  type UpdateSupport,
} from './destinations/_destination.ts'
export { TLS_PROPERTIES } from './destinations/_options.ts'
export {
  contextText,
  headline,
  labelledParts,
  type Part,
  plainText,
} from './destinations/parts/alert-text.ts'
export { createOnce } from './destinations/parts/create-once.ts'
export { fencedText, withoutMarkup } from './destinations/parts/fenced-text.ts'
export { joinUrl, postJson } from './destinations/parts/json-request.ts'
export { escapeMarkdown, formatMarkdown } from './destinations/parts/markdown.ts'
export { Truncation } from './destinations/parts/truncate.ts'
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
export type {
  ContractCase,
  ContractSubject,
  DocumentedError,
  HttpExpectations,
  SentRequest,
} from './workspace/destination-contract/contract-subject.ts'
export {
  type DefineTest,
  destinationCases,
  destinationContract,
} from './workspace/destination-contract/destination-contract.ts'
export {
  type Answer as ReceiverAnswer,
  type Received,
  type Receiver,
  startReceiver,
} from './workspace/destination-contract/loopback-receiver.ts'
export { sendSample } from './workspace/destination-contract/send-sample.ts'
