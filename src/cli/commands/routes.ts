/** `routes` shows the routes of every detection at every severity, and `routes diff` the routes that a change affects. */

import { DRAWINGS, drawRoutes } from '../../drawings/draw-routes.ts'
import { UserError } from '../../errors.ts'
import type { RouteTable } from '../../model/alerts/route-table.ts'
import type { Project } from '../../model/project/project.ts'
import {
  bodyProblems,
  openProject,
  startEngine,
  type WorkspaceOptions,
} from '../../workspace/open-project.ts'
import { exportTree } from '../../workspace/revisions/git-tree.ts'
import { routeTable } from '../../workspace/routes/route-table-builder.ts'
import { diffRoutes, type RoutesSide } from '../../workspace/routes/routes-diff.ts'
import { warmUp } from '../../workspace/warm-up.ts'
import { type CommandGroup, defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { choice, choiceWithDefault, FORMAT, flag } from '../command/options.ts'
import { openSession, type Session } from '../command/session.ts'
import { errorsIn, requireConfiguration } from '../command/soundness.ts'
import { nothingLoaded, problemsText } from '../format/problems-text.ts'
import { diffJson, diffMarkdown } from '../format/routes-diff-view.ts'
import { routesJson, routesText } from '../format/routes-view.ts'

const ALLOW_UNKNOWN = { allowUnknownDestinations: true }

const show = defineCommand({
  options: { graph: choice('--graph <kind>', 'draw a picture instead of a table', DRAWINGS), format: FORMAT },
  async run({ options }, io) {
    const session = openSession(options, io, { workspace: ALLOW_UNKNOWN })
    return withSide(session, session.workspace, async ({ project, engine }) => {
      const table = await routeTable(project, engine)
      session.print(formatTable(project, table, options, session))
      return EXIT_OK
    })
  },
})

function formatTable(
  project: Project,
  table: RouteTable,
  { graph, format }: { graph?: (typeof DRAWINGS)[number]; format: 'pretty' | 'json' },
  { style }: Session,
): string {
  if (graph) return drawRoutes(graph, table, project.registry)
  return format === 'json' ? routesJson(table) : routesText(table, style)
}

const diff = defineCommand({
  arguments: { '<git-ref>': 'commit, branch or tag to compare with' },
  options: {
    format: choiceWithDefault('--format <format>', 'output format of the changes', ['markdown', 'json']),
    failOnChange: flag('--fail-on-change', 'exit with 1 if a route changed'),
  },
  async run({ args: [ref = ''], options }, io) {
    const session = openSession(options, io, { workspace: ALLOW_UNKNOWN })
    const { workspace } = session
    const tree = await exportTree(workspace.root, ref)
    try {
      const changes = await withSide(session, { ...workspace, root: tree.folder }, (before) =>
        withSide(session, workspace, (after) => diffRoutes(before, after)),
      )
      session.print(options.format === 'json' ? diffJson(changes, ref) : diffMarkdown(changes, ref))
      const changed = changes.routes.length + changes.cases.length > 0
      return changed && options.failOnChange ? EXIT_FAILED : EXIT_OK
    } finally {
      tree.remove()
    }
  },
})

/** Runs the work with a project and its engine. It reports files that could not be loaded, because they have no routes. */
async function withSide<T>(
  session: Session,
  workspace: WorkspaceOptions,
  work: (side: RoutesSide) => Promise<T>,
): Promise<T> {
  const warm = warmUp()
  try {
    const project = await openProject(workspace)
    requireConfiguration(project)
    if (nothingLoaded(project))
      throw new UserError(`nothing could be loaded from ${workspace.root}`, {
        code: 'empty-project',
        hint: 'use --project DIR for another directory, or create a repository with `signalbox init`',
      })
    const engine = await startEngine(project, 'test', session.log, { prewarmed: warm })
    try {
      const errors = errorsIn([...project.problems, ...bodyProblems(project, engine)])
      if (errors.length > 0) session.note(`${problemsText(errors, session.errorStyle, session.verbose)}\n`)
      return await work({ project, engine })
    } finally {
      await engine.close()
    }
  } finally {
    await warm.dispose()
  }
}

export default {
  defaultCommand: show,
  commands: {
    diff: { summary: 'show the routes and test cases that a change affects', command: diff },
  },
} satisfies CommandGroup
