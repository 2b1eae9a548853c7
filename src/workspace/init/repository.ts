/** Creates the files of a new detections repository, as texts by path. Pure. */

import { type PublishedSchema, schemaText } from '../schemas.ts'
import { DETECTIONS_PIPELINE, DETECTIONS_WORKFLOW } from '../workflow.ts'
import { type Files, scaffold } from './scaffold.ts'

const SCHEMAS = '.vscode/schemas'
const PYTHON_OF_SIGNALBOX = 'node_modules/signalbox/dist/engine/python'

/** The path and the text of the CI file of each system, and what the README says of it. */
const CI_FILES = {
  github: {
    path: '.github/workflows/detections.yml',
    text: DETECTIONS_WORKFLOW,
    summary: 'the checks of each push; on pull requests also what a change re-routes',
  },
  gitlab: {
    path: '.gitlab-ci.yml',
    text: DETECTIONS_PIPELINE,
    summary: 'the checks of each merge request, and what it re-routes',
  },
} as const

type CiSystem = keyof typeof CI_FILES

/** The first one is the default. */
export const CI_SYSTEMS: readonly [CiSystem, ...CiSystem[]] = ['github', 'gitlab']

interface NewRepository {
  readonly schemas: readonly PublishedSchema[]
  /** The folder name becomes the name of the package. */
  readonly folderName: string
  /** The dependency in `package.json`; undefined when the origin of this Signalbox is unknown. */
  readonly dependency: string | undefined
  readonly ci: CiSystem
}

export function newRepository({ schemas, folderName, dependency, ci }: NewRepository): Files {
  const ciFile = CI_FILES[ci]
  return {
    'destinations.yaml': REGISTRY,
    ...withRoute(scaffold('rule', 'Example.FailedLogin', 'Custom.Login')),
    'package.json': json(manifest(folderName, dependency)),
    'README.md': readme(ciFile),
    '.gitignore': '.signalbox/\nnode_modules/\n__pycache__/\n.env\nroutes.md\n',
    '.githooks/pre-commit': PRE_COMMIT,
    [ciFile.path]: ciFile.text,
    '.vscode/settings.json': json(editorSettings(schemas)),
    '.vscode/extensions.json': json({ recommendations: ['redhat.vscode-yaml', 'ms-python.python'] }),
    ...Object.fromEntries(
      schemas.map((schema) => [`${SCHEMAS}/${schema.name}.schema.json`, schemaText(schema)]),
    ),
  }
}

const REGISTRY = `# Where alerts go. \`signalbox destinations add\` adds to it, node_modules/signalbox/docs/destinations.md explains it.
version: 1
fallback: [archive]
destinations:
  - name: terminal
    type: console
    severities: [MEDIUM, HIGH, CRITICAL]
    options: { format: text }
  - name: archive
    type: file
    options: { path: .signalbox/alerts.ndjson }
`

const readme = ({ path, summary }: (typeof CI_FILES)[CiSystem]) => `# Detections

Detections and the routes of their alerts, for [Signalbox](node_modules/signalbox/README.md).

| path | content |
|---|---|
| \`detections/\` | rules, helpers and data models: a YAML file and a Python file each |
| \`destinations.yaml\` | where alerts go |
| \`silences.yaml\` | which alerts are not sent, and until when; absent until you need it (node_modules/signalbox/docs/silences.md) |
| \`${path}\` | ${summary} |
| \`.githooks/pre-commit\` | the same checks before each commit |

Once per clone:

\`\`\`sh
npm install
git config core.hooksPath .githooks
\`\`\`

The commands, where \`signalbox\` stands for \`npx --no-install signalbox\`:

\`\`\`sh
signalbox validate                      # every problem of the files
signalbox test                          # the cases of the detections, with their routes
signalbox watch                         # the same after each change
signalbox new rule Custom.MyRule        # a rule with two cases
signalbox destinations add              # where alerts go
signalbox routes                        # where each detection goes
signalbox explain --help                # why an alert goes where it goes
signalbox run --http 127.0.0.1:8080     # the daemon: events by POST /events, and a console at this address
\`\`\`

Commit \`package-lock.json\`: CI installs exactly what it lists.
`

const PRE_COMMIT = `#!/bin/sh
# Checks the files of the work tree before a commit. Enable it once per clone: git config core.hooksPath .githooks
set -e
npx --no-install signalbox validate --fail-on-warnings --quiet
npx --no-install signalbox test --fail-on-warnings --quiet
`

/** Adds an assertion of the route to the first case. */
function withRoute(files: Files): Files {
  const result = 'ExpectedResult: true\n'
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replace(result, `${result}    ExpectedDestinations: [terminal]\n`),
    ]),
  )
}

function manifest(folderName: string, dependency: string | undefined) {
  return {
    name: packageName(folderName),
    private: true,
    // Node then takes destination types of the project as the modules that they are.
    type: 'module',
    scripts: {
      validate: 'signalbox validate --fail-on-warnings',
      test: 'signalbox test --fail-on-warnings',
      watch: 'signalbox watch',
      routes: 'signalbox routes',
    },
    ...(dependency === undefined ? {} : { devDependencies: { signalbox: dependency } }),
  }
}

/** npm accepts no capitals and spaces, and a package cannot depend on a package of its own name. */
function packageName(folderName: string): string {
  const name = folderName.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const trimmed = name.replace(/^-+|-+$/g, '')
  return trimmed === '' || trimmed === 'signalbox' ? 'detections' : trimmed
}

function editorSettings(schemas: readonly PublishedSchema[]) {
  const files = schemas.map(({ name, files: globs }) => [`./${SCHEMAS}/${name}.schema.json`, globs])
  return {
    'yaml.schemas': Object.fromEntries(files),
    'yaml.schemaStore.enable': false,
    'python.analysis.extraPaths': [
      'detections/global_helpers',
      PYTHON_OF_SIGNALBOX,
      `${PYTHON_OF_SIGNALBOX}/stand_ins`,
    ],
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
