/**
 * The codes of the errors that an author or operator can fix. A code is stable, the wording of a message is not.
 * `npm run docs` writes docs/reference/error-codes.md from this list.
 */

import { DAEMON_CODES } from './error-codes/daemon-codes.ts'
import { PROJECT_CODES } from './error-codes/project-codes.ts'

export interface ErrorExplanation {
  /** What is wrong, in one sentence. */
  readonly cause: string
  /** What helps, in one sentence in the imperative. */
  readonly fix: string
}

export const ERROR_CODES = {
  // Command line and tests.
  'ambiguous-id': {
    cause: 'An abbreviated id matches more than one alert or delivery.',
    fix: 'Use more characters of the id.',
  },
  'conflicting-options': {
    cause:
      'Options cannot be combined, or a command that requires exactly one of several options or arguments got none or more than one.',
    fix: 'Use one of the options that the message names.',
  },
  'duplicate-id': {
    cause: 'A file of the project has the id already.',
    fix: 'Choose another id.',
  },
  'empty-project': {
    cause: 'The directory has no file that could be loaded.',
    fix: 'Use `--project DIR` for another directory, or create a repository with `signalbox init`.',
  },
  'file-system-error': {
    cause: 'The operating system refused to read, write or list a path.',
    fix: 'Check the path, its owner and permissions, and the free space.',
  },
  'invalid-argument': {
    cause: 'An argument of the command has a value that the command does not accept.',
    fix: 'Use one of the values that the message lists.',
  },
  'invalid-event': {
    cause: 'The input of `explain --event` is not one JSON object.',
    fix: 'Give one event as one JSON object.',
  },
  'invalid-filter': {
    cause: 'A `--filter` is not `KEY=VALUE`, or its key does not exist.',
    fix: 'Write the filter as `KEY=VALUE` or `KEY!=VALUE` with a known key.',
  },
  'invalid-option': {
    cause: 'The command line has an unknown option, an invalid value, or a missing or excess argument.',
    fix: 'Run the command with `--help` for its arguments and options.',
  },
  'invalid-project': {
    cause: 'Files that the command depends on have errors, for example `signalbox.yaml` or the registry.',
    fix: 'Correct the errors that the message lists.',
  },
  'missing-option': {
    cause: 'The command requires an option that was not given.',
    fix: 'Add the option that the message names.',
  },
  'missing-registry': {
    cause: 'The project has no `destinations.yaml`.',
    fix: 'Create it with `signalbox destinations add`, or a whole repository with `signalbox init`.',
  },
  'missing-terminal': {
    cause: 'The command has questions, and standard input or standard error is not a terminal.',
    fix: 'Give the answers as options, or run the command in a terminal.',
  },
  'unknown-command': {
    cause: 'The command line names a command that does not exist, or an option precedes the command.',
    fix: 'Run `signalbox --help` for the commands, and write options after the command.',
  },
  'unknown-detection': {
    cause: 'The project has no detection with this id, or its file has errors.',
    fix: 'Check the id, and run `signalbox validate`.',
  },
  'unknown-id': {
    cause: 'The store has no alert or delivery with this id.',
    fix: 'Run `signalbox alerts list` or `signalbox deliveries list`.',
  },
  'unknown-reporter': {
    cause: 'A `--reporter` names a reporter that does not exist.',
    fix: 'Use one of the reporters that the message lists.',
  },
  'unknown-schema': {
    cause: 'There is no JSON Schema with this name.',
    fix: 'Run `signalbox schema` for the names.',
  },
  'unknown-test': {
    cause: 'The detection has no test case with this name.',
    fix: 'Use one of the names that the message lists.',
  },
  'unwritable-output': {
    cause: 'A report or another output file could not be written.',
    fix: 'Check the folder and its permissions, or name another file.',
  },
  // Files, settings and the environment.
  'missing-project': {
    cause: 'The directory of the project does not exist, or is not a directory.',
    fix: 'Name the directory of the project with `--project`.',
  },
  'unknown-path': {
    cause: 'A path or pattern on the command line matches no directory and no YAML file of the project.',
    fix: 'Give a path or pattern relative to the project.',
  },
  'not-a-spec': {
    cause: 'A path on the command line names a file that is not YAML.',
    fix: 'Name the spec instead of its Python file, and quote patterns.',
  },
  'outside-project': {
    cause:
      'A file to read or write is outside the directory that limits it, directly or through a symbolic link.',
    fix: 'Replace the link by a file, or name the target itself.',
  },
  'broken-link': {
    cause: 'A file to read or write is a symbolic link that points nowhere or to itself.',
    fix: 'Correct the link, or remove it.',
  },
  'unreadable-file': {
    cause: 'A file that the command requires cannot be read.',
    fix: 'Correct the path, the permissions or the size of the file.',
  },
  'unreadable-env-file': {
    cause: 'The file of `--env-file` cannot be read.',
    fix: 'Correct the path or the permissions of the file.',
  },
  'invalid-env-file': {
    cause: 'A line of the file of `--env-file` is not an assignment.',
    fix: 'Write `NAME=value`, a comment that begins with `#`, or an empty line.',
  },
  'invalid-environment-variable': {
    cause: 'A `SIGNALBOX_` variable has an invalid value.',
    fix: 'Set the variable to a value that its description allows.',
  },
  'invalid-settings': {
    cause: '`signalbox.yaml` has errors, and the command depends on its settings.',
    fix: 'Correct the listed problems.',
  },
  'invalid-python-path': {
    cause: 'A Python path from the command line or the environment is not a directory or a wheel.',
    fix: 'Name a directory of pure-Python packages, or a `.whl` file.',
  },
  // Engine.
  'python-start-failed': {
    cause: 'The thread that runs Python cannot start.',
    fix: 'Check that the installation is complete, and raise the limits of memory, threads and open files.',
  },
  // Secrets and the registry of destinations.
  'missing-secret': {
    cause: 'An environment variable or a file that a destination references is missing or empty.',
    fix: 'Set the variable, or create the file.',
  },
  'uneditable-file': {
    cause: '`destinations.yaml` is written in a style that commands cannot change safely.',
    fix: 'Edit the file by hand, then run `signalbox validate`.',
  },
  // Python packages.
  'invalid-requirement': {
    cause: 'A requirement of a Python package, or its environment marker, is invalid.',
    fix: 'Write `NAME`, `NAME==VERSION` or `NAME>=VERSION`.',
  },
  'invalid-package-index': {
    cause: 'The URL of the package index is not an HTTP URL.',
    fix: 'Set `SIGNALBOX_PYTHON_INDEX` to an `https://` or `http://` URL.',
  },
  'package-index-unreachable': {
    cause: 'The package index does not answer.',
    fix: 'Check the network, the proxy and `SIGNALBOX_PYTHON_INDEX`.',
  },
  'package-index-response': {
    cause: 'The package index returned an error or an invalid response.',
    fix: 'Check that `SIGNALBOX_PYTHON_INDEX` is a simple index (PEP 503 or PEP 691).',
  },
  'unknown-package': {
    cause: 'The package index has no such package or file.',
    fix: 'Check the name, or add the package again.',
  },
  'missing-sha256': {
    cause: 'The package index provides no sha256 for a file, so that the file cannot be verified.',
    fix: 'Use an index that provides hashes.',
  },
  'sha256-mismatch': {
    cause: 'A downloaded file is not the file that the index or the lock describes.',
    fix: 'Check for a proxy or mirror that modifies files, or add the package again.',
  },
  'no-matching-version': {
    cause: 'No version of a package matches all requirements.',
    fix: 'Require another version.',
  },
  'unresolved-versions': {
    cause: 'The requirements of the packages contradict each other, or need backtracking.',
    fix: 'Name exact versions, as in `NAME==VERSION`.',
  },
  'compiled-package': {
    cause: 'A package requires a compiled extension.',
    fix: 'Use a pure-Python package: only those run in the sandbox.',
  },
  'invalid-wheel': {
    cause: 'A wheel is damaged, or contains invalid paths.',
    fix: 'Download the wheel again, or use another version.',
  },
  'package-conflict': {
    cause: 'Two packages contain the same file.',
    fix: 'Remove one of the two packages.',
  },
  'package-limit': {
    cause: 'The Python packages have too many files or bytes.',
    fix: 'Name only the packages that detections import.',
  },
  'unreadable-package': {
    cause: 'A file of a Python package cannot be read.',
    fix: 'Correct the permissions of the file.',
  },
  'invalid-lock': {
    cause: '`python-packages.lock` cannot be read, or is not a lock.',
    fix: 'Restore the file from version control, or remove it and add the packages again.',
  },
  ...DAEMON_CODES,
  ...PROJECT_CODES,
} as const satisfies Readonly<Record<string, ErrorExplanation>>

export type UserErrorCode = keyof typeof ERROR_CODES
