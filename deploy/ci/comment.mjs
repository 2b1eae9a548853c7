// Writes a text as the one comment of Signalbox on a pull request of GitHub or a merge request of GitLab: it changes
// the comment of an earlier run, or adds one. It runs no code of the repository, because its token can write.
// Usage: node comment.mjs FILE. The variables are those of the two systems; docs/ci.md lists them.
import { readFileSync } from 'node:fs'

const MARK = '<!-- signalbox -->'
/** GitHub accepts 65,536 characters, and GitLab more. */
const MAX_TEXT_CHARACTERS = 65_000
const PAGE = 100
/** A request with more comments than that gets a new comment. */
const MAX_PAGES = 30
const REQUEST_TIMEOUT_MS = 30_000

const { env } = process

function required(name) {
  const value = env[name]
  if (!value) throw new Error(`the variable ${name} is missing`)
  return value
}

function githubApi() {
  const repository = `${required('GITHUB_API_URL')}/repos/${required('GITHUB_REPOSITORY')}`
  return {
    headers: { authorization: `Bearer ${required('GITHUB_TOKEN')}`, accept: 'application/vnd.github+json' },
    comments: `${repository}/issues/${number('PULL_REQUEST_NUMBER')}/comments`,
    comment: ({ id }) => `${repository}/issues/comments/${id}`,
    verb: 'PATCH',
    // The author of comments that the token of a workflow writes.
    isOwn:
      async () =>
      ({ user }) =>
        user?.login === (env.SIGNALBOX_COMMENT_AUTHOR || 'github-actions[bot]'),
  }
}

function gitlabApi() {
  const api = required('CI_API_V4_URL')
  const notes = `${api}/projects/${number('CI_PROJECT_ID')}/merge_requests/${number('CI_MERGE_REQUEST_IID')}/notes`
  const headers = { 'private-token': required('SIGNALBOX_GITLAB_TOKEN') }
  return {
    headers,
    comments: notes,
    comment: ({ id }) => `${notes}/${id}`,
    verb: 'PUT',
    isOwn: async () => {
      const { id } = await send(`${api}/user`, { headers })
      return ({ author }) => author?.id === id
    },
  }
}

function number(name) {
  const value = required(name)
  if (!/^\d+$/.test(value)) throw new Error(`the variable ${name} is not a number`)
  return value
}

async function send(url, { method = 'GET', headers, body }) {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  if (!answer.ok)
    throw new Error(`${method} ${new URL(url).pathname} was answered with status ${answer.status}`)
  return answer.json()
}

/** A comment of another author may have the mark, too, and is left alone. */
async function ownComment({ comments, headers, isOwn }) {
  const own = await isOwn()
  for (let page = 1; page <= MAX_PAGES; page++) {
    const found = await send(`${comments}?per_page=${PAGE}&page=${page}`, { headers })
    const comment = found.find((each) => own(each) && each.body?.startsWith(MARK))
    if (comment) return comment
    if (found.length < PAGE) return null
  }
  return null
}

function bodyOf(file) {
  const text = readFileSync(file, 'utf8')
  if (text.length <= MAX_TEXT_CHARACTERS) return `${MARK}\n${text}`
  return `${MARK}\n${text.slice(0, MAX_TEXT_CHARACTERS)}\n\nThe text was cut here. The job has all of it as an artifact.\n`
}

try {
  const [file] = process.argv.slice(2)
  if (!file) throw new Error('the name of the file is missing: node comment.mjs FILE')
  const api = env.GITLAB_CI ? gitlabApi() : githubApi()
  const body = bodyOf(file)
  const earlier = await ownComment(api)
  const { headers, verb } = api
  if (earlier) await send(api.comment(earlier), { method: verb, headers, body: { body } })
  else await send(api.comments, { method: 'POST', headers, body: { body } })
  console.log(earlier ? 'changed the comment' : 'added a comment')
} catch (error) {
  console.error(`cannot comment: ${error.message}`)
  process.exitCode = 1
}
