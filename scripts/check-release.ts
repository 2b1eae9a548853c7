// Refuses a release that would be wrong: `node scripts/run.cjs node scripts/check-release.ts v1.2.3`, by release.yml.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Stands for the owner of the repository until there is one. */
const PLACEHOLDER = /(github\.com\/|@)OWNER\b/

/** What README.md says only as long as no release is in the npm registry. */
const BEFORE_THE_FIRST_RELEASE = ['not in the npm registry yet', 'git clone REPOSITORY']

const root = process.cwd()
const text = (path: string) => readFileSync(join(root, path), 'utf8')
const [tag = ''] = process.argv.slice(2)
const { version } = JSON.parse(text('package.json')) as { version: string }

const problems = [
  ...['package.json', '.github/CODEOWNERS'].flatMap((path) =>
    PLACEHOLDER.test(text(path))
      ? [`${path} has the placeholder OWNER; write the owner of the repository`]
      : [],
  ),
  ...BEFORE_THE_FIRST_RELEASE.flatMap((words) =>
    text('README.md').includes(words)
      ? [`README.md says "${words}"; describe the installation from the npm registry`]
      : [],
  ),
  ...(tag === `v${version}` ? [] : [`the tag is "${tag}" and the version of package.json is ${version}`]),
  ...(text('CHANGELOG.md').includes(`\n## ${version}`)
    ? []
    : [`CHANGELOG.md has no section "## ${version}"`]),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
