/** The functions that a Python body may define, with examples that a test runs. docs/reference/detection-functions.md is written from it. */

import type { FunctionName } from '../../src/model/alerts/finding.ts'
import type { Expectations } from '../../src/model/project/detection.ts'

export interface FunctionDescription {
  /** The signature as an author writes it. */
  readonly signature: string
  readonly purpose: string
  /** The types that it may return. */
  readonly returns: string
  /** The value that is used if the body does not define the function. */
  readonly absent: string
  readonly limit: string
  /** The value that is used if the function raises or returns another type. */
  readonly failed: string
  readonly notes?: readonly string[]
  readonly examples: readonly FunctionExample[]
}

export interface FunctionExample {
  /** The expression that the function returns. */
  readonly python: string
  /** The effect of the result, in words. */
  readonly result: string
  /** The same for the test: what the alert has. */
  readonly expected: Expectations
  /** The type of the error that is reported; without it, the function succeeds. */
  readonly error?: string
  /** The rule does not match, so there is no alert. */
  readonly silent?: boolean
}

/** The keys of the spec that the examples have. */
export const EXAMPLE_SPEC = {
  DisplayName: 'the display name',
  Description: 'the description',
  Reference: 'the reference',
  Runbook: 'the runbook',
} as const

/** The destinations of the examples: the static severity of the rules is LOW. */
export const EXAMPLE_DESTINATIONS = { chat: ['LOW', 'MEDIUM'], pager: ['CRITICAL'] } as const

const MAX_TEXT = 1_000
const CUT = '... (truncated)'
const TEXT_LIMIT = 'A text of more than 1,000 characters is cut; it then ends with `... (truncated)`.'
const LONG = `${'x'.repeat(MAX_TEXT - CUT.length)}${CUT}`
const FIELD = {
  ExpectedDescription: 'description',
  ExpectedReference: 'reference',
  ExpectedRunbook: 'runbook',
} as const

/** description(), reference() and runbook() follow the same rules. */
function textFunction(expectation: keyof typeof FIELD, purpose: string): FunctionDescription {
  const name = FIELD[expectation]
  const key = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return {
    signature: `def ${name}(event) -> str`,
    purpose,
    returns: '`str`',
    absent: `The key \`${key}\` of the spec.`,
    limit: TEXT_LIMIT,
    failed: 'The text is empty.',
    examples: [
      { python: '"text"', result: '`text`', expected: { [expectation]: 'text' } },
      { python: '""', result: 'an empty text', expected: { [expectation]: '' } },
      {
        python: 'None',
        result: 'an empty text, and an error',
        expected: { [expectation]: '' },
        error: 'FunctionReturnTypeError',
      },
    ],
  }
}

export const DETECTION_FUNCTIONS: Readonly<Record<FunctionName, FunctionDescription>> = {
  detection: {
    signature: 'def rule(event) -> bool',
    purpose: 'Decides whether the event matches. A policy defines `policy(resource)` instead.',
    returns: '`bool`',
    absent: 'It is required. Without it the file is [an error](problem-codes.md#python-error).',
    limit: 'The time limit below is its only limit.',
    failed: 'The event does not match.',
    notes: [
      '`rule()` matches when it returns `True`; `policy()` matches when it returns `False`.',
      'Return a real `bool`. `1`, `None` and `re.match(...)` are errors: write `bool(...)` or `is not None`.',
    ],
    examples: [
      { python: 'True', result: 'an alert', expected: { ExpectedTitle: 'the display name' } },
      { python: 'False', result: 'no alert', expected: {}, silent: true },
      {
        python: 'event.get("absent")',
        result: 'no alert, and an error: it returned `None`',
        expected: {},
        silent: true,
        error: 'FunctionReturnTypeError',
      },
    ],
  },
  title: {
    signature: 'def title(event) -> str',
    purpose: 'Gives the title of the alert, and its dedup key where `dedup()` gives none.',
    returns: '`str`',
    absent: 'The key `DisplayName` of the spec, else the id.',
    limit: TEXT_LIMIT,
    failed: '`DisplayName`, else the id.',
    notes: [
      "The title of a policy's alert is always its `DisplayName` or id; its `title()` is used for the dedup key only.",
    ],
    examples: [
      { python: '"ann logged in"', result: '`ann logged in`', expected: { ExpectedTitle: 'ann logged in' } },
      { python: '""', result: 'the `DisplayName`', expected: { ExpectedTitle: 'the display name' } },
      {
        python: '"x" * 2000',
        result: 'the first 985 characters and `... (truncated)`',
        expected: { ExpectedTitle: LONG },
      },
      {
        python: 'event.get("user")',
        result: 'the `DisplayName`, and an error where the event has no user',
        expected: { ExpectedTitle: 'the display name' },
        error: 'FunctionReturnTypeError',
      },
    ],
  },
  description: textFunction('ExpectedDescription', 'Gives the description of the alert.'),
  reference: textFunction('ExpectedReference', 'Gives the reference of the alert, usually a URL.'),
  severity: {
    signature: 'def severity(event) -> str',
    purpose: 'Gives the severity of the alert, which also decides its route.',
    returns: '`"INFO"`, `"LOW"`, `"MEDIUM"`, `"HIGH"`, `"CRITICAL"` or `"DEFAULT"`, in any case',
    absent: 'The key `Severity` of the spec.',
    limit: 'It must be one of the six words.',
    failed: 'The key `Severity` of the spec.',
    notes: ['`"DEFAULT"` means the key `Severity` of the spec. `None` is an error.'],
    examples: [
      {
        python: '"critical"',
        result: 'CRITICAL',
        expected: {
          ExpectedSeverity: 'CRITICAL',
          ExpectedRoute: 'generated-severity',
          ExpectedDestinations: ['pager'],
        },
      },
      {
        python: '"DEFAULT"',
        result: 'the static severity',
        expected: {
          ExpectedSeverity: 'LOW',
          ExpectedRoute: 'static-severity',
          ExpectedDestinations: ['chat'],
        },
      },
      {
        python: '"urgent"',
        result: 'the static severity, and an error',
        expected: { ExpectedSeverity: 'LOW', ExpectedRoute: 'static-severity' },
        error: 'AssertionError',
      },
      {
        python: 'None',
        result: 'the static severity, and an error',
        expected: { ExpectedSeverity: 'LOW' },
        error: 'AssertionError',
      },
    ],
  },
  runbook: textFunction('ExpectedRunbook', 'Says what to do about the alert.'),
  destinations: {
    signature: 'def destinations(event) -> list[str] | None',
    purpose:
      'Gives the names or ids of the destinations. It is the highest [route level](../routing.md#route-levels).',
    returns: '`list` of `str`, or `None`',
    absent: '`OutputIds` of the spec, else the severity decides.',
    limit: 'At most 1,000 names, each of at most 1,000 characters.',
    failed: '`OutputIds` of the spec, else the severity decides.',
    notes: [
      'A name that no destination has is an error in `test` and `validate`. In `run` the known names get the alert.',
    ],
    examples: [
      {
        python: '["pager"]',
        result: 'exactly `pager`',
        expected: { ExpectedDestinations: ['pager'], ExpectedRoute: 'generated-destinations' },
      },
      {
        python: '[]',
        result: 'none, on purpose; the alert is recorded',
        expected: { ExpectedDestinations: [], ExpectedRoute: 'generated-destinations' },
      },
      {
        python: '["SKIP"]',
        result: 'none, on purpose',
        expected: { ExpectedDestinations: [], ExpectedRoute: 'generated-destinations' },
      },
      {
        python: 'None',
        result: 'the next level decides',
        expected: { ExpectedDestinations: ['chat'], ExpectedRoute: 'static-severity' },
      },
      {
        python: '"pager"',
        result: 'the next level decides, and an error: it is no list',
        expected: { ExpectedDestinations: ['chat'], ExpectedRoute: 'static-severity' },
        error: 'FunctionReturnTypeError',
      },
    ],
  },
  dedup: {
    signature: 'def dedup(event) -> str',
    purpose: 'Gives the dedup key. Matches with the same key within `DedupPeriodMinutes` share one alert.',
    returns: '`str`',
    absent: 'The result of `title()`, else the resource id of a policy, else one key for all matches.',
    limit: TEXT_LIMIT,
    failed: 'The same as when it is absent.',
    examples: [
      { python: '"ann"', result: '`ann`', expected: { ExpectedDedup: 'ann' } },
      {
        python: '""',
        result: 'as when it is absent',
        expected: { ExpectedDedup: 'defaultDedupString:Example.dedup.1' },
      },
      {
        python: '42',
        result: 'as when it is absent, and an error: return `str(42)`',
        expected: { ExpectedDedup: 'defaultDedupString:Example.dedup.2' },
        error: 'FunctionReturnTypeError',
      },
    ],
  },
  alert_context: {
    signature: 'def alert_context(event) -> dict',
    purpose:
      'Gives structured data for the alert. Correlation rules can compare its fields as `p_alert_context.NAME`.',
    returns: 'a mapping with text keys whose values have a JSON form; parts of the event are allowed',
    absent: 'The context is empty.',
    limit: 'At most 204,800 characters of JSON; a larger context is replaced by `_error`.',
    failed: 'The context has one key, `_error`, with the error.',
    examples: [
      {
        python: '{"user": "ann", "ports": [22, 80]}',
        result: '`{"user": "ann", "ports": [22, 80]}`',
        expected: { ExpectedAlertContext: { user: 'ann', ports: [22, 80] } },
      },
      {
        python: '{"all": "x" * 300000}',
        result: 'one key, `_error`; no error is reported',
        expected: {
          ExpectedAlertContext: {
            _error: 'alert_context size is [300011] characters, bigger than maximum of [204800] characters',
          },
        },
      },
      {
        python: '["ann"]',
        result: 'one key, `_error`, and an error',
        expected: {},
        error: 'FunctionReturnTypeError',
      },
      {
        python: '{"seen": {1, 2}}',
        result: 'one key, `_error`, and an error: a set has no JSON form',
        expected: {},
        error: 'TypeError',
      },
    ],
  },
  unique: {
    signature: 'def unique(event) -> str | None',
    purpose: 'Makes `Threshold` count distinct values instead of matches.',
    returns: '`str`, or `None` for a match that does not count',
    absent: 'Every match counts.',
    limit: TEXT_LIMIT,
    failed: 'The match does not count.',
    examples: [
      { python: '"10.0.0.1"', result: 'counts once per dedup key and window', expected: {} },
      { python: 'None', result: 'does not count', expected: {} },
      { python: '7', result: 'does not count, and an error', expected: {}, error: 'FunctionReturnTypeError' },
    ],
  },
}

/** The name of the function for an author. */
export function authorName(name: string): string {
  return name === 'detection' ? 'rule' : name
}
