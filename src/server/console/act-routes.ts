/** The acts of the console: each is a form of a page, and returns to it. */
import type { FastifyInstance } from 'fastify'
import type { AlertAct } from '../../alerts/status-change.ts'
import { CLOSED_REASONS } from '../../model/alerts/alert-status.ts'
import { ActReports, failed } from './act-reports.ts'
import type { ActReport, ConsolePorts } from './console-ports.ts'
import { alertDetail, idOf } from './page-routes.ts'
import { alertPage } from './pages/alert-page.ts'
import { bulkPage } from './pages/bulk-page.ts'
import { counted, pathOf } from './parts/words.ts'
import type { FormFields } from './request-form.ts'
import type { ConsoleRequests } from './requests.ts'
import { addSilenceActs } from './silence-form-routes.ts'

const MAX_SELECTED = 500
const NO_REASON = 'Choose a reason.'

/** The act that a form says, or the sentence about what it lacks. */
type ReadAct = { readonly act: AlertAct } | { readonly error: string }

const READ_ACT: Readonly<Record<string, (form: FormFields) => ReadAct>> = {
  acknowledge: (form) => ({ act: { verb: 'acknowledge', note: form.text('note') } }),
  resolve: (form) => {
    const reason = CLOSED_REASONS.find((each) => each === form.text('reason'))
    return reason === undefined
      ? { error: NO_REASON }
      : { act: { verb: 'resolve', reason, note: form.text('note') } }
  },
  reopen: (form) => ({ act: { verb: 'reopen', note: form.text('note') } }),
  assign: (form) => ({ act: { verb: 'assign', assignee: form.text('assignee'), note: '' } }),
  comment: (form) =>
    form.text('note') === ''
      ? { error: 'Write the comment.' }
      : { act: { verb: 'comment', note: form.text('note') } },
}

export function addActRoutes(scope: FastifyInstance, requests: ConsoleRequests, ports: ConsolePorts): void {
  const { acts } = ports
  const reports = new ActReports()
  addBulkRoute(scope, requests, ports, reports)
  addSilenceActs(scope, requests, ports, reports)
  for (const [verb, read] of Object.entries(READ_ACT)) {
    scope.post(
      `/alerts/:id/${verb}`,
      requests.act(`${verb} alerts`, async ({ context, form, by }, request, reply) => {
        const id = idOf(request)
        const given = read(form)
        const report =
          'error' in given
            ? failed(given.error)
            : await reports.of(by, () => acts.changeAlert(id, given.act, by))
        if (report.ok) return requests.redirect(reply, pathOf('alerts', id), report)
        const page = alertPage(await alertDetail(ports, id), { verb, sentence: report.sentence }, context)
        return requests.send(reply, page, context, 422)
      }),
    )
  }

  scope.post(
    '/alerts/:id/resend',
    requests.act('send alerts again', async ({ context, form, by }, request, reply) => {
      const id = idOf(request)
      const names = form.all('destination')
      const report =
        names.length === 0
          ? failed('Choose a destination.')
          : await reports.of(by, () => acts.resend(id, names, by))
      if (report.ok) return requests.redirect(reply, pathOf('alerts', id), report)
      const page = alertPage(
        await alertDetail(ports, id),
        { verb: 'resend', sentence: report.sentence },
        context,
      )
      return requests.send(reply, page, context, 422)
    }),
  )

  scope.post(
    '/deliveries/retry',
    requests.act('retry deliveries', async ({ form, back, by }, _request, reply) => {
      const ids = form.all('id').slice(0, MAX_SELECTED)
      const report =
        ids.length === 0
          ? failed('No delivery is selected.')
          : await reports.of(by, () => acts.retryDeliveries(ids, by))
      return requests.redirect(reply, back, report)
    }),
  )

  scope.post(
    '/destinations/:id/test',
    requests.act('test destinations', async ({ back, by }, request, reply) =>
      requests.redirect(reply, back, await reports.of(by, () => acts.testDestination(idOf(request), by))),
    ),
  )

  scope.post(
    '/destinations/:id/resume',
    requests.act('resume destinations', async ({ back, by }, request, reply) =>
      requests.redirect(reply, back, await reports.of(by, () => acts.resumeDestination(idOf(request), by))),
    ),
  )

  scope.post(
    '/detections/:id/unmute',
    requests.act('unmute detections', async ({ back, by }, request, reply) =>
      requests.redirect(reply, back, await reports.of(by, () => acts.unmute(idOf(request), by))),
    ),
  )
}

/** One alert is acknowledged at once; everything else on several alerts is asked first. */
function addBulkRoute(
  scope: FastifyInstance,
  requests: ConsoleRequests,
  ports: ConsolePorts,
  reports: ActReports,
): void {
  scope.post(
    '/alerts/selected',
    requests.act('acknowledge or resolve alerts', async ({ context, form, back, by }, _request, reply) => {
      const ids = [...new Set(form.all('id'))].slice(0, MAX_SELECTED)
      const verb = form.text('verb') === 'resolve' ? 'resolve' : 'acknowledge'
      if (ids.length === 0) return requests.redirect(reply, back, failed('No alert is selected.'))
      const given = READ_ACT[verb]!(form)
      const isConfirmed = form.text('confirmed') === 'yes' || (verb === 'acknowledge' && ids.length === 1)
      if (!isConfirmed || 'error' in given) {
        const alerts = (await Promise.all(ids.map((id) => ports.store.alert(id)))).filter(
          (alert) => alert !== null,
        )
        const error = isConfirmed && 'error' in given ? given.error : null
        const page = bulkPage({ verb, alerts, error, back }, context)
        return requests.send(reply, page, context, error === null ? 200 : 422)
      }
      const done: ActReport[] = []
      for (const id of ids) {
        const ofAlert = { ...by, requestId: `${by.requestId}:${id}` }
        done.push(await reports.of(ofAlert, () => ports.acts.changeAlert(id, given.act, ofAlert)))
      }
      return requests.redirect(reply, back, summary(done, verb))
    }),
  )
}

function summary(reports: readonly ActReport[], verb: 'acknowledge' | 'resolve'): ActReport {
  const refused = reports.filter(({ ok }) => !ok)
  if (reports.length === 1) return reports[0]!
  const done = counted(reports.length - refused.length, 'alert')
  const sentence = `${verb === 'resolve' ? 'Resolved' : 'Acknowledged'} ${done}.`
  if (refused.length === 0) return { ok: true, sentence }
  return {
    ok: false,
    sentence: `${sentence} ${counted(refused.length, 'alert')} could not be changed: ${refused[0]!.sentence}`,
  }
}
