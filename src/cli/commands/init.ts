/** `init` creates a working detections repository and keeps existing files. */
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { PACKAGE_FOLDER } from '../../installed-files.ts'
import { VERSION } from '../../version.ts'
import { CI_SYSTEMS, newRepository } from '../../workspace/init/repository.ts'
import { writeMissing } from '../../workspace/init/write-files.ts'
import { declaredDependency, installedDependency, leadsOut } from '../../workspace/installation.ts'
import { projectSchemas } from '../../workspace/schemas.ts'
import { defineCommand, EXIT_OK } from '../command/command.ts'
import { choiceWithDefault } from '../command/options.ts'
import { openSession } from '../command/session.ts'

const DETAILS = `Creates these files, and keeps existing ones:
  destinations.yaml     a console and a file destination
  detections/           a rule with a routing test
  package.json          scripts, and this Signalbox as the one dependency
  README.md             what the repository holds and how it is used
  .gitignore            state, packages and secrets
  .githooks/pre-commit  the checks before each commit
  .github/workflows/    the same checks in GitHub Actions, and routes diff on pull requests
  .gitlab-ci.yml        the same in GitLab CI instead, with --ci gitlab
  .vscode/              settings: schemas for YAML files, paths for Python
`

export default defineCommand({
  arguments: { '[dir]': 'directory of the new repository; default: the project' },
  options: { ci: choiceWithDefault('--ci <system>', 'CI system to write a file for', CI_SYSTEMS) },
  details: DETAILS,
  async run({ args: [dir], options }, io) {
    const session = openSession(options, io)
    const root = dir ?? session.workspace.root
    const dependency = installedDependency(root, { packageFolder: PACKAGE_FOLDER, version: VERSION })
    const schemas = await projectSchemas()
    const files = newRepository({ schemas, folderName: basename(resolve(root)), dependency, ci: options.ci })
    const written = writeMissing(root, files)
    const kept = Object.keys(files).filter((path) => !written.includes(path))
    for (const path of written) session.print(`${path}\n`)
    for (const path of kept) session.note(`${path} already exists; skipped`)
    for (const note of notesOnDependency(root, dependency)) session.note(note)
    const there = root === '.' ? '' : ` --project ${root}`
    session.note(
      `next: signalbox test${there}; signalbox destinations add${there}; signalbox new rule ID${there}`,
    )
    return EXIT_OK
  },
})

/** Lists the steps without which another clone, or CI, cannot install this Signalbox. */
function notesOnDependency(root: string, installed: string | undefined): string[] {
  const declared = declaredDependency(root)
  if (declared === undefined) {
    const add = `npm install --save-dev ${installed ?? 'FILE'}`
    const origin = installed === undefined ? '; FILE is the package that you installed from' : ''
    return [`package.json does not depend on Signalbox; run in ${resolve(root)}: ${add}${origin}`]
  }
  const lock = existsSync(join(root, 'package-lock.json'))
    ? []
    : ['run `npm install` and commit package-lock.json: CI installs what it lists']
  return leadsOut(declared)
    ? [
        ...lock,
        `CI cannot install ${declared}, which lies outside of the repository; copy the package into it, for example to vendor/, and run npm install --save-dev with that path`,
      ]
    : lock
}
