// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** The cause and the fix of each problem code. docs/reference/problem-codes.md is written from it. */
import type { ProblemCode } from '../../src/model/problem-code.ts'

export interface ProblemDescription {
  /** The severity without any option or setting. */
  readonly severity: 'error' | 'warning' | 'info' | 'error or warning'
  /** A full sentence: what is wrong. */
  readonly cause: string
  /** A full sentence in the imperative. */
  readonly fix: string
}

const YAML = {
  'yaml-syntax': {
    severity: 'error',
    cause: 'The file is not valid YAML.',
    fix: 'Correct the line at the caret. Quote a text that contains `: ` or begins with a special character.',
  },
  'several-documents': {
    severity: 'error',
    cause: 'The file contains a second document after `---`.',
    fix: 'Remove the `---` line, or move the document to its own file.',
  },
  'duplicate-key': {
    severity: 'warning',
    cause: 'A key occurs twice in one mapping. The last value is used.',
    fix: 'Remove one of the two.',
  },
  'not-a-number': {
    severity: 'warning',
    cause: 'A value such as `.nan` or `.inf` has no JSON form. It is read as null.',
    fix: 'Quote the value if you mean text.',
  },
  'unsupported-tag': {
    severity: 'error',
    cause: 'A YAML tag does not apply to its value.',
    fix: 'Write the value without the tag.',
  },
  'complex-key': {
    severity: 'error',
    cause: 'A key is a list or a mapping.',
    fix: 'Use text or a number as key.',
  },
  'bad-merge': {
    severity: 'error',
    cause: 'The value of `<<` is not a mapping and not a list of mappings.',
    fix: 'Merge a mapping, for example `<<: *anchor`.',
  },
  'unknown-alias': {
    severity: 'error',
    cause: 'An alias (`*name`) has no anchor (`&name`) before it.',
    fix: 'Define the anchor above the alias, or write the value itself.',
  },
  'recursive-alias': {
    severity: 'error',
    cause: 'An alias is inside the value that its anchor names.',
    fix: 'Write the value itself.',
  },
  'alias-expansion': {
    severity: 'error',
    cause: 'The aliases of the file expand to more than 32 MiB.',
    fix: 'Use fewer aliases inside of aliases.',
  },
  'too-many-nodes': {
    severity: 'error',
    cause: 'The file has more than 250,000 keys and values.',
    fix: 'Split the file.',
  },
  'too-deep': {
    severity: 'error',
    cause: 'The file is nested too deep.',
    fix: 'Flatten the structure.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

const FILES = {
  'missing-file': {
    severity: 'error',
    cause: 'A file that is named does not exist.',
    fix: 'Correct the path, or create the file.',
  },
  'broken-link': {
    severity: 'error or warning',
    cause:
      'A symbolic link is broken or circular. It is an error where the file is named, otherwise a warning.',
    fix: 'Correct the link, or remove it.',
  },
  'outside-project': {
    severity: 'error or warning',
    cause: 'A symbolic link or a path points outside the project, so the file is not read.',
    fix: 'Move the file into the project.',
  },
  'linked-folder': {
    severity: 'warning',
    cause: 'A symbolic link leads to a folder. Signalbox does not search it.',
    fix: 'Replace the link by the folder.',
  },
  'not-a-file': {
    severity: 'error',
    cause: 'The path is a folder, a device or a pipe.',
    fix: 'Name a regular file.',
  },
  'file-too-large': {
    severity: 'error',
    cause: 'The file is larger than its limit (8 MiB for YAML and Python).',
    fix: 'Split the file, or move test events to a file for `explain --event`.',
  },
  'unreadable-file': {
    severity: 'error',
    cause: 'The operating system refuses to read the file.',
    fix: 'Correct its permissions.',
  },
  'not-utf8': {
    severity: 'error',
    cause: 'The file is not UTF-8.',
    fix: 'Save it as UTF-8.',
  },
  'empty-file': {
    severity: 'error',
    cause: 'The registry of destinations is empty.',
    fix: 'Add `version: 1` and `destinations`, or remove the file.',
  },
  'skipped-analysis-file': {
    severity: 'warning',
    cause: 'A file with an `AnalysisType` is outside the folders that are searched, so it is not loaded.',
    fix: 'Move it below `detections/`, or pass its folder as an argument of `test`.',
  },
  'unused-body': {
    severity: 'warning',
    cause: 'No spec references the Python file, so it never runs.',
    fix: 'Add a spec whose `Filename` names it, or remove the file.',
  },
  'missing-body': {
    severity: 'error',
    cause: 'The file that `Filename` names does not exist.',
    fix: 'Correct `Filename`. The path is relative to the spec.',
  },
  'more-problems': {
    severity: 'error',
    cause: 'The file has more problems than are listed.',
    fix: 'Correct the listed ones first.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

const KEYS = {
  'unknown-key': {
    severity: 'error or warning',
    cause: 'The key is unknown. With `--ignore-extra-keys` it is a warning in a detection.',
    fix: 'Correct the spelling. See [the keys](yaml-keys.md).',
  },
  'missing-key': {
    severity: 'error',
    cause: 'A required key is missing.',
    fix: 'Add the key.',
  },
  'wrong-type': {
    severity: 'error',
    cause: 'The value has the wrong type, for example text instead of a list.',
    fix: 'Write a value of the type that the message names.',
  },
  'bad-value': {
    severity: 'error',
    cause: 'The value has the right type, but it is not allowed.',
    fix: 'Use one of the values, or the form, that the message names.',
  },
  'duplicate-item': {
    severity: 'error',
    cause: 'A list contains an item twice. Two `Tags` that differ only in case count as equal.',
    fix: 'Remove one of the two.',
  },
  'exactly-one': {
    severity: 'error',
    cause: 'Of several keys exactly one is allowed, and none or more than one is there.',
    fix: 'Keep exactly one of the keys that the message names.',
  },
  'at-least-one': {
    severity: 'error',
    cause: 'At least one of several keys is required.',
    fix: 'Add one of the keys that the message names.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

const CONTENT = {
  'missing-analysis-type': {
    severity: 'error',
    cause: 'The file looks like a detection and has no `AnalysisType`, so it is not loaded.',
    fix: 'Add `AnalysisType`, or turn the code off if another tool reads the file.',
  },
  'unknown-analysis-type': {
    severity: 'error',
    cause: 'The `AnalysisType` is unknown, so the file is not loaded.',
    fix: 'Correct it, or turn the code off for a type that a newer Panther has.',
  },
  'duplicate-id': {
    severity: 'error',
    cause: 'Two files have the same id. Ids are unique over all types of content.',
    fix: 'Give one of them another id.',
  },
  'missing-base': {
    severity: 'warning',
    cause: 'The rule that `BaseDetection` names is not loaded, so the derived rule does not run.',
    fix: 'Correct the id, or the errors of the base.',
  },
  'dedup-period': {
    severity: 'warning',
    cause: 'A `DedupPeriodMinutes` below 5 is not used: 0 becomes 60, 1 to 4 become 5.',
    fix: 'Use 5 or more. To alert on every event, return `p_row_id` from `dedup()`.',
  },
  'match-expression': {
    severity: 'error',
    cause: 'A match expression of `Detection` or `InlineFilters` is not valid.',
    fix: 'Correct it as the message says. See [match expressions](../detections.md).',
  },
  'unknown-resource-type': {
    severity: 'error',
    cause: 'AWS has no resource type of this name.',
    fix: 'Correct the spelling.',
  },
  'duplicate-data-model': {
    severity: 'error',
    cause: 'Two enabled data models serve the same log type.',
    fix: 'Set `Enabled: false` in one of them.',
  },
  'unknown-pack-member': {
    severity: 'error',
    cause: 'A pack contains an id that no file has.',
    fix: 'Correct the id, or remove it from the pack.',
  },
  'table-name': {
    severity: 'warning',
    cause: 'A query reads a table whose name Panther rejects. Signalbox never runs queries.',
    fix: 'Write database, schema and table, or `snowflake.account_usage.TABLE`.',
  },
  'idle-log-type': {
    severity: 'warning',
    cause:
      'Every configured source has a fixed log type, and enabled rules have none of these in `LogTypes`.',
    fix: 'Correct `LogTypes` or the `logType` of the source.',
  },
  'idle-scheduled-rule': {
    severity: 'warning',
    cause: 'No source delivers rows for an enabled scheduled rule. Signalbox never runs its query.',
    fix: 'Deliver the rows through a source whose `logType` is the name of the query.',
  },
  'idle-lookup-table': {
    severity: 'warning',
    cause: 'A lookup table is enabled, and Signalbox does not fill lookup tables.',
    fix: 'Disable the table, or deliver the enrichment with the event.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

const CORRELATION = {
  'unknown-member': {
    severity: 'warning',
    cause: 'A correlation rule names a rule that does not exist, so the step never happens.',
    fix: 'Correct the id.',
  },
  'inactive-member': {
    severity: 'warning',
    cause: 'A correlation rule names a policy or a disabled rule, which sends no signals.',
    fix: 'Name an enabled rule, or disable the correlation rule too.',
  },
  'idle-correlation-rule': {
    severity: 'warning',
    cause: 'An enabled correlation rule needs a rule that cannot send signals, so it never matches.',
    fix: 'Enable or add the rule that the message names.',
  },
  'duplicate-step': {
    severity: 'error',
    cause: 'Two steps have the same `ID`.',
    fix: 'Give each step its own `ID`.',
  },
  'unknown-step': {
    severity: 'error',
    cause: 'A transition or a criterion names a step that does not exist.',
    fix: 'Use the `ID` of a step.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

const PYTHON = {
  'python-error': {
    severity: 'error',
    cause: 'Python could not load the file: a syntax error, a missing import or an exception.',
    fix: 'Correct the line that the message shows.',
  },
  'shadowed-helper': {
    severity: 'warning',
    cause:
      'A helper has the name of a module of the standard library or of a package, which is imported instead.',
    fix: 'Give the helper another `GlobalID`.',
  },
  'stand-in': {
    severity: 'warning',
    cause: 'The bundled `dateutil` parses ISO 8601 only.',
    fix: 'Run `signalbox python add python-dateutil` if you need more.',
  },
  'no-time-zones': {
    severity: 'info',
    cause: 'A file imports `zoneinfo`, which knows only UTC without the package `tzdata`.',
    fix: 'Run `signalbox python add tzdata` if you need other time zones.',
  },
  'python-packages': {
    severity: 'warning',
    cause: 'A package of the lock file is not installed.',
    fix: 'Run `signalbox python sync`.',
  },
  'invalid-lock': {
    severity: 'error',
    cause: 'The lock file of the packages cannot be read.',
    fix: 'Restore it from version control, or add the packages again.',
  },
  'python-path': {
    severity: 'error',
    cause: 'A path of `python.paths` does not exist, is no folder and no wheel, or is outside the project.',
    fix: 'Correct the path. Use `--python-path` for a folder outside the project.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

const TESTS = {
  'duplicate-test': {
    severity: 'error',
    cause: 'Two cases of a detection have the same name.',
    fix: 'Give each case its own name.',
  },
  'minimum-tests': {
    severity: 'error',
    cause:
      'The detection has fewer cases than `--minimum-tests` demands, or all its cases expect the same result.',
    fix: 'Add a case that matches and a case that does not.',
  },
  'unit-tests-error': {
    severity: 'error',
    cause: 'A file of unit tests beside a helper or a data model could not be loaded.',
    fix: 'Correct the line that the message shows.',
  },
  'unknown-test': {
    severity: 'error',
    cause: 'The `.expect.yml` names a case that the spec does not have.',
    fix: 'Correct the name.',
  },
  'duplicate-expectation': {
    severity: 'error',
    cause: 'The same expectation is in the spec and in the `.expect.yml`.',
    fix: 'Keep one of the two.',
  },
  'orphan-expectations': {
    severity: 'warning',
    cause: 'An `.expect.yml` has no spec with this name in the same folder.',
    fix: 'Name it `<spec>.expect.yml`.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

const DESTINATIONS = {
  'unknown-type': {
    severity: 'error',
    cause: 'The type of a destination is unknown.',
    fix: 'Correct it. `signalbox destinations add` lists the types. A file of yours begins with `./`, and a package must be installed in the project.',
  },
  'unusable-type': {
    severity: 'error',
    cause: 'A local destination type cannot be imported, or its default export is not a destination type.',
    fix: 'Correct the file, see [local types](../destinations.md#local-types).',
  },
  'stale-type': {
    severity: 'warning',
    cause:
      'A file of a local destination type has changed, and a reload cannot replace its code: it is a CommonJS module, or belongs to a package that the type imports.',
    fix: 'Restart `signalbox run`.',
  },
  'duplicate-name': {
    severity: 'error',
    cause: 'Two destinations share a name, an id or a previous name, or two silences or inhibitions an id.',
    fix: 'Rename one of them.',
  },
  'unknown-destination': {
    severity: 'error or warning',
    cause:
      'A name in `OutputIds`, in `fallback`, in `heartbeat` or in the result of `destinations()` belongs to no destination. With `--allow-unknown-destinations` it is a warning in a detection.',
    fix: 'Correct the name, or declare the destination.',
  },
  'fallback-disabled': {
    severity: 'error',
    cause: 'Every destination of the fallback is disabled.',
    fix: 'Enable one, or name another.',
  },
  'unsupported-digest': {
    severity: 'error',
    cause:
      'The type of the destination calls a person, who acknowledges one alert and no list of them, and the key is `digest`. Or it calls no person, and the key is `group`.',
    fix: 'Use `group` where a person is called, and `digest` elsewhere.',
  },
  'unsupported-kind': {
    severity: 'error',
    cause: 'The type of the destination cannot deliver this type of alert.',
    fix: 'Send these alerts to a destination of another type.',
  },
  'unsupported-update': {
    severity: 'error',
    cause: 'The type of the destination has no updates about this event, or none with its options.',
    fix: 'Follow the hint of the message, which lists the events that the type supports.',
  },
  'bad-reference': {
    severity: 'error',
    cause: 'A reference to a secret is not written correctly.',
    fix: 'Write `${env:NAME}` or `${file:PATH}`. `$${` stands for `${`.',
  },
  'token-ends': {
    severity: 'warning',
    cause: 'A token of `api.tokens` has expired, or expires within 14 days.',
    fix: 'Create a new token with `signalbox token new`, and replace the old one.',
  },
  'end-of-support': {
    severity: 'warning',
    cause: 'The provider has announced the end of the service that the destination uses.',
    fix: 'Move to the successor that the hint names.',
  },
  'literal-secret': {
    severity: 'warning',
    cause: 'A secret is in `destinations.yaml` itself.',
    fix: 'Replace it by `${env:NAME}` or `${file:PATH}`.',
  },
  'bad-template': {
    severity: 'error',
    cause: 'A template has a syntax error or names a field that does not exist.',
    fix: 'Use the fields that the hint lists.',
  },
  unguarded: {
    severity: 'info',
    cause:
      'Only with `validate --guards`: an enabled detection has no [guard](../guards.md), or a rule has no index conditions, so every event of its log types selects it.',
    fix: 'Compare a field of the event with constants first. The hint of the problem names what to change.',
  },
  'critical-waits': {
    severity: 'warning',
    cause:
      'A destination gets CRITICAL alerts by its severities, and its `hours` make them wait for the next opening.',
    fix: 'Add `always: [CRITICAL]` to `hours`, or name other destinations in `otherwise`.',
  },
  'idle-interval': {
    severity: 'warning',
    cause: 'An interval of `destinations.yaml` does not open within 400 days.',
    fix: 'Correct its days and the dates in `except`.',
  },
  'unknown-interval': {
    severity: 'error',
    cause: '`during` names an interval that `intervals` of `destinations.yaml` does not declare.',
    fix: 'Correct the spelling, or declare the interval.',
  },
  'unused-override': {
    severity: 'warning',
    cause: 'An override of `destinations.yaml` matches no detection.',
    fix: 'Correct its globs, or remove it.',
  },
  'unused-trust-rule': {
    severity: 'error',
    cause: 'A rule of a trust group matches no detection, helper or data model.',
    fix: 'Correct its globs. Paths are relative to the project.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

/** The routing lint. `unknown-destination` is among the destinations. */
const ROUTING = {
  'reaches-nobody': {
    severity: 'warning',
    cause: 'At some severity the alerts of a detection would have no destination.',
    fix: 'Add the severity to the `severities` of a destination, set `OutputIds`, or declare a `fallback`.',
  },
  'untaken-severity': {
    severity: 'info',
    cause: '`severity()` can return a severity that no destination accepts. Such alerts go to the fallback.',
    fix: 'Add the severity to the `severities` of a destination if the fallback is not what you want.',
  },
  'unreachable-destination': {
    severity: 'warning',
    cause: 'No detection, error, system alert, heartbeat or fallback can reach the destination.',
    fix: 'Add `severities`, name it in a detection, or remove it.',
  },
  'shadowed-severity': {
    severity: 'warning',
    cause: '`OutputIds` decides the route, so the result of `severity()` does not.',
    fix: 'Return the destinations from `destinations()`, or drop one of the two.',
  },
  'silence-too-long': {
    severity: 'error',
    cause: 'A silence of `silences.yaml` ends later than `maxDays` allows.',
    fix: 'Choose an earlier end, or raise `maxDays`.',
  },
  'silence-too-wide': {
    severity: 'error',
    cause: 'A silence can hide every alert, or alerts of the severity CRITICAL, and does not say so.',
    fix: 'Narrow its `match`, or write `everything: true` or `critical: true`.',
  },
  'silence-ends': {
    severity: 'warning',
    cause: 'A silence ends within 7 days.',
    fix: 'Check whether its alerts may be sent from then on.',
  },
  'silence-ended': {
    severity: 'warning',
    cause: 'A silence has ended.',
    fix: 'Remove it from the file. A new silence needs a new id.',
  },
  'silence-matches-nothing': {
    severity: 'warning',
    cause: 'A glob of a silence matches no id, log type or tag of the detections.',
    fix: 'Correct it, or remove it.',
  },
  'inhibition-hides-itself': {
    severity: 'error',
    cause: 'The `hide` of an inhibition matches every alert that its `when` matches.',
    fix: 'Narrow `hide`, so that what `when` matches is still sent.',
  },
  'inhibition-matches-nothing': {
    severity: 'warning',
    cause: 'A glob of an inhibition matches no id, log type or tag of the detections.',
    fix: 'Correct it, or remove it.',
  },
  'silence-covered': {
    severity: 'warning',
    cause: 'A silence hides nothing that another one does not hide.',
    fix: 'Remove one of the two.',
  },
  'skip-mixed': {
    severity: 'warning',
    cause: '`SKIP` is listed together with names. The alert has no destination.',
    fix: 'List the names alone, or `SKIP` alone.',
  },
  'varying-destinations': {
    severity: 'warning',
    cause:
      '`destinations()` depends on the event, and `title()` and `dedup()` do not. Events with different routes share one alert.',
    fix: 'Let `dedup()` return a different key for each route.',
  },
  'unreferenced-id': {
    severity: 'warning',
    cause: 'A destination has an `id` that no detection names.',
    fix: 'Remove the `id`, or turn the code off.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

/** Only `validate --pat` reports these. */
const PANTHER = {
  'pat-severity': {
    severity: 'error',
    cause: "Panther's tool rejects the spelling of the severity.",
    fix: 'Write it as the hint says, for example `High`.',
  },
  'pat-expectation': {
    severity: 'error',
    cause: "Panther's tool rejects a file whose cases have this expectation.",
    fix: 'Move it to the `.expect.yml` beside the spec.',
  },
  'pat-destinations': {
    severity: 'error',
    cause: "A case with `ExpectedDestinations` has another result in Panther's tool.",
    fix: 'Move it to the `.expect.yml` beside the spec.',
  },
  'pat-folder': {
    severity: 'warning',
    cause: "Panther's tool does not search this folder.",
    fix: 'Move the files below one of the folders that the hint lists.',
  },
} satisfies Partial<Record<ProblemCode, ProblemDescription>>

/** The descriptions by subject, in the order of the page. */
export const PROBLEM_GROUPS: Readonly<Record<string, Readonly<Record<string, ProblemDescription>>>> = {
  YAML,
  'Files and folders': FILES,
  'Keys and values': KEYS,
  'Detections and other content': CONTENT,
  'Correlation rules': CORRELATION,
  'Python and packages': PYTHON,
  'Test cases': TESTS,
  'Destinations and trust groups': DESTINATIONS,
  Routing: ROUTING,
  "Compatibility with Panther's tool": PANTHER,
}

/** The compiler refuses a code without a description. */
export const PROBLEM_DESCRIPTIONS: Readonly<Record<ProblemCode, ProblemDescription>> = {
  ...YAML,
  ...FILES,
  ...KEYS,
  ...CONTENT,
  ...CORRELATION,
  ...PYTHON,
  ...TESTS,
  ...DESTINATIONS,
  ...ROUTING,
  ...PANTHER,
}
