/** The files of deploy/ci: their scripts check a change in a real repository of git, and comment at a local server. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { copyExampleProject } from '../support/example-project.ts'
import { COMMAND, commandEnvironment, type Ended } from '../support/process.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CI = join(ROOT, 'deploy', 'ci')

function run(
  program: string,
  args: string[],
  cwd: string,
  environment: Record<string, string>,
): Promise<Ended> {
  const options = { cwd, env: commandEnvironment(environment) }
  return new Promise((resolve) =>
    execFile(program, args, options, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ),
  )
}

describe('check.sh', () => {
  const rule = (project: string) =>
    join(project, 'detections/rules/aws_cloudtrail/aws_cloudtrail_stopped.yml')

  function repository(): string {
    const project = copyExampleProject()
    // `npx` finds the command there, as after `npm ci`.
    mkdirSync(join(project, 'node_modules', '.bin'), { recursive: true })
    const program = join(project, 'node_modules', '.bin', 'signalbox')
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`, { mode: 0o755 })
    writeFileSync(join(project, '.gitignore'), 'node_modules/\n.signalbox/\nreport/\njunit.xml\n')
    const git = (...args: string[]) => execFileSync('git', args, { cwd: project })
    git('init', '--quiet', '--initial-branch=main')
    git('add', '--all')
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message=first')
    return project
  }

  const check = (project: string, ...events: string[]) =>
    run('bash', [join(CI, 'check.sh'), 'report', 'main', ...events], project, {
      SIGNALBOX_JUNIT: 'junit.xml',
    })

  it('shows what a change re-routes and which alerts it adds, and fails with the case that it breaks', async () => {
    const project = repository()
    const before = readFileSync(rule(project), 'utf8')
    const after = before.replace('OutputIds: [on-call, alert-log]', 'OutputIds: [alert-log]')
    expect(after).not.toBe(before)
    writeFileSync(rule(project), after)
    const events = join(ROOT, 'examples', 'events.ndjson')
    const { code, out, err } = await check(project, events)
    expect(code, out + err).toBe(1)
    const comment = readFileSync(join(project, 'report', 'comment.md'), 'utf8')
    expect(comment).toMatch(/^Signalbox: (validate, )?test failed\. /)
    const part = (name: string) => readFileSync(join(project, 'report', `${name}.md`), 'utf8')
    expect(part('routes')).toContain('on-call')
    expect(part('replay')).not.toBe('')
    expect(comment).toContain(part('routes'))
    expect(comment).toContain(part('replay'))
    expect(readFileSync(join(project, 'junit.xml'), 'utf8')).toContain('<testsuites')
  })

  it('says which step failed if there is nothing to compare with, and keeps no earlier report', async () => {
    const project = repository()
    mkdirSync(join(project, 'report'))
    writeFileSync(join(project, 'report', 'replay.md'), 'old')
    const ended = await run('bash', [join(CI, 'check.sh'), 'report', 'no-such-branch'], project, {})
    expect(ended.code).toBe(1)
    expect(readFileSync(join(project, 'report', 'comment.md'), 'utf8')).toBe(
      'Signalbox: routes diff failed. The log of the job has the details.\n',
    )
    expect(existsSync(join(project, 'report', 'replay.md'))).toBe(false)
  })
})

describe('comment.mjs', () => {
  let api: Receiver
  let folder: string
  beforeEach(async () => {
    api = await startReceiver()
    folder = mkdtempSync(join(tmpdir(), 'comment-'))
    writeFileSync(join(folder, 'comment.md'), 'all well')
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true })
    await api.close()
  })

  const answer = (value: unknown, status = 200) => ({ status, body: JSON.stringify(value) })
  const comment = (environment: Record<string, string>) =>
    run(process.execPath, [join(CI, 'comment.mjs'), 'comment.md'], folder, environment)
  const github = () =>
    comment({
      GITLAB_CI: '',
      GITHUB_API_URL: api.url,
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_TOKEN: 'secret-token',
      PULL_REQUEST_NUMBER: '7',
    })
  const bot = { login: 'github-actions[bot]' }
  const sent = () => api.requests.map(({ method, path }) => `${method} ${path}`)
  const bodyOf = (at: number) => JSON.parse(String(api.requests[at]!.body)).body

  it('adds a comment to a pull request, and leaves that of another author with the same mark alone', async () => {
    api.expect(2)
    api.script(answer([{ id: 1, user: { login: 'mallory' }, body: '<!-- signalbox -->' }]), answer({}, 201))
    expect(await github()).toEqual({ code: 0, out: 'added a comment\n', err: '' })
    expect(sent()).toEqual([
      'GET /repos/o/r/issues/7/comments?per_page=100&page=1',
      'POST /repos/o/r/issues/7/comments',
    ])
    expect(api.requests[1]!.headers.authorization).toBe('Bearer secret-token')
    expect(bodyOf(1)).toBe('<!-- signalbox -->\nall well')
  })

  it('changes the comment of an earlier run, also one on the second page', async () => {
    const other = Array.from({ length: 100 }, (_, id) => ({ id, user: bot, body: 'another tool' }))
    api.expect(3)
    api.script(answer(other), answer([{ id: 222, user: bot, body: '<!-- signalbox -->\nold' }]), answer({}))
    expect(await github()).toMatchObject({ code: 0, out: 'changed the comment\n' })
    expect(sent().at(-1)).toBe('PATCH /repos/o/r/issues/comments/222')
  })

  it('cuts a text that GitHub would refuse, and says so', async () => {
    writeFileSync(join(folder, 'comment.md'), 'x'.repeat(100_000))
    api.expect(2)
    api.script(answer([]), answer({}, 201))
    expect(await github()).toMatchObject({ code: 0 })
    expect(bodyOf(1).length).toBeLessThan(65_536)
    expect(bodyOf(1)).toMatch(/The text was cut here\. .*\n$/)
  })

  it('changes the note of its own user on a merge request', async () => {
    api.expect(3)
    api.script(
      answer({ id: 5 }),
      answer([
        { id: 1, author: { id: 6 }, body: '<!-- signalbox -->' },
        { id: 2, author: { id: 5 }, body: '<!-- signalbox -->' },
      ]),
      answer({}),
    )
    const ended = await comment({
      GITLAB_CI: 'true',
      CI_API_V4_URL: api.url,
      CI_PROJECT_ID: '3',
      CI_MERGE_REQUEST_IID: '9',
      SIGNALBOX_GITLAB_TOKEN: 'secret-token',
    })
    expect(ended).toEqual({ code: 0, out: 'changed the comment\n', err: '' })
    expect(sent()).toEqual([
      'GET /user',
      'GET /projects/3/merge_requests/9/notes?per_page=100&page=1',
      'PUT /projects/3/merge_requests/9/notes/2',
    ])
    expect(api.requests[2]!.headers['private-token']).toBe('secret-token')
  })

  it('fails without the token in its message if the server refuses', async () => {
    api.expect(1)
    api.script(answer({ message: 'secret-token' }, 403))
    const { code, err } = await github()
    expect(code).toBe(1)
    expect(err).toBe('cannot comment: GET /repos/o/r/issues/7/comments was answered with status 403\n')
  })
})

it('each script that the actions and the template of GitLab name exists in the package', () => {
  const read = (...path: string[]) => readFileSync(join(CI, ...path), 'utf8')
  const scripts = ['check', 'comment'].flatMap((name) => {
    const { runs } = parse(read('github', name, 'action.yml'))
    return runs.steps.map(
      ({ run: script }: { run: string }) => /\$GITHUB_ACTION_PATH\/([\w./]+)/.exec(script)![1],
    )
  })
  expect(scripts).toEqual(['../../check.sh', '../../comment.mjs'])
  const named = [...read('gitlab.yml').matchAll(/node_modules\/signalbox\/(\S+)/g)].map(([, path]) => path!)
  expect(named).toEqual(['deploy/ci/check.sh', 'deploy/ci/comment.mjs'])
  expect(named.every((path) => existsSync(join(ROOT, path)))).toBe(true)
})
