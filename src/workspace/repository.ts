/** A detections repository to begin with. Pure: texts by path. */
import { type Files, scaffold } from './scaffold.ts'
import { type PublishedSchema, schemaText } from './schemas.ts'

const SCHEMAS = '.vscode/schemas'

export function newRepository(schemas: readonly PublishedSchema[], version: string): Files {
  return {
    'destinations.yaml': REGISTRY,
    ...withRoute(scaffold('rule', 'Example.FailedLogin', 'Custom.Login')),
    '.gitignore': '.signalbox/\nnode_modules/\n__pycache__/\n',
    '.github/workflows/detections.yml': workflow(version),
    '.vscode/settings.json': `${JSON.stringify(editorSettings(schemas), null, 2)}\n`,
    '.vscode/extensions.json': `${JSON.stringify({ recommendations: ['redhat.vscode-yaml'] }, null, 2)}\n`,
    ...Object.fromEntries(
      schemas.map((schema) => [`${SCHEMAS}/${schema.name}.schema.json`, schemaText(schema)]),
    ),
  }
}

const REGISTRY = `# Where alerts go. \`signalbox destinations add\` adds to it, docs/destinations.md of Signalbox explains it.
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

/** The first case shows how a route is asserted. */
function withRoute(files: Files): Files {
  const result = 'ExpectedResult: true\n'
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replace(result, `${result}    ExpectedDestinations: [terminal]\n`),
    ]),
  )
}

function workflow(version: string): string {
  const run = `npx --yes signalbox@${version}`
  return `name: detections
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - uses: actions/cache@v4
        with:
          path: ~/.cache/signalbox
          key: signalbox-\${{ github.sha }}
          restore-keys: signalbox-
      - run: ${run} validate --fail-on-warnings
      - run: ${run} test --fail-on-warnings --reporter github
`
}

function editorSettings(schemas: readonly PublishedSchema[]) {
  const files = schemas.map(({ name, files: globs }) => [`./${SCHEMAS}/${name}.schema.json`, globs])
  return { 'yaml.schemas': Object.fromEntries(files), 'yaml.schemaStore.enable': false }
}
