/** The console in a real browser: every page in both themes and at both widths, by keyboard alone, and without script. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { changeAlert } from '../../../src/workspace/alerts/change-alert.ts'
import { openBrowser, type Scheme, signIn, type Visit, visit, type Width } from '../../support/browser.ts'
import {
  ALERT_IDS,
  CONSOLE_PAGES,
  HOSTILE_TITLE,
  PICTURED_PAGES,
  pictureName,
} from '../../support/console-alerts.ts'
import { openConsole, TOKENS } from '../../support/console-server.ts'
import { describeWithProgram } from '../../support/optional-program.ts'

const [OPERATOR, VIEWER] = Object.keys(TOKENS) as [string, string]
/** `scripts/console-pictures.ts` makes them. */
const PICTURES = join(import.meta.dirname, '../../../docs/console')
const LOOKS: readonly [Scheme, Width][] = [
  ['light', 'wide'],
  ['light', 'narrow'],
  ['dark', 'wide'],
  ['dark', 'narrow'],
]

describeWithProgram('chromium', 'the console in a browser', () => {
  let server: Awaited<ReturnType<typeof openConsole>>
  let browser: Browser
  beforeAll(async () => {
    ;[server, browser] = await Promise.all([openConsole(), openBrowser()])
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
  })

  async function signedIn(look: Parameters<typeof visit>[1] = {}, token = OPERATOR): Promise<Visit> {
    const opened = await visit(browser, look)
    await signIn(opened.page, server.url, token)
    return opened
  }

  const statusOf = async (id: string) => (await server.store.alert(id))!.status.status

  it.each(LOOKS)(
    '%s, %s: every page is accessible, fits, and loads nothing from elsewhere',
    async (scheme, width) => {
      const { page, complaints, requests, close } = await signedIn({ scheme, width })
      for (const [name, path] of Object.entries(CONSOLE_PAGES)) {
        await page.goto(server.url + path)
        const { violations } = await new AxeBuilder({ page }).analyze()
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
        expect({ name, found }).toEqual({ name, found: [] })
        const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect({ name, excess }).toEqual({ name, excess: 0 })
      }
      expect(complaints).toEqual([])
      expect(requests.filter((url) => !url.startsWith(`${server.url}/`) && url !== 'data:,')).toEqual([])
      await close()
    },
  )

  it('the pictures of the docs are there, and small', () => {
    const wanted = PICTURED_PAGES.flatMap((name) =>
      (['dark', 'light'] as const).map((scheme) => pictureName(name, scheme)),
    )
    expect(readdirSync(PICTURES).sort()).toEqual(wanted.sort())
    const bytes = wanted.reduce((sum, name) => sum + statSync(join(PICTURES, name)).size, 0)
    expect(bytes).toBeLessThan(1_500_000)
  })

  it('open fields of acts are accessible, too, in both themes', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page, close } = await signedIn({ scheme })
      await page.goto(`${server.url}/alerts/${ALERT_IDS['Example.AWS.RootConsoleLogin']}`)
      for (const title of ['Resolve…', 'Comment…', 'Assign…', 'Send again…']) {
        await page.getByText(title, { exact: true }).click()
        expect({ title, found: await violationsOf(page) }).toEqual({ title, found: [] })
      }
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      expect(await violationsOf(page)).toEqual([])
      await close()
    }
  })

  it('what a viewer sees in the place of acts is accessible, too', async () => {
    const { page, close } = await signedIn({}, VIEWER)
    for (const path of ['alerts', 'alert', 'deliveries', 'destinations'].map(
      (name) => CONSOLE_PAGES[name]!,
    )) {
      await page.goto(server.url + path)
      expect(await violationsOf(page)).toEqual([])
    }
    await close()
  })

  it('a title that would run a script is text everywhere', async () => {
    const { page, complaints, close } = await signedIn()
    const id = ALERT_IDS['Test.Hostile']!
    for (const path of ['/alerts?status=any', '/', `/alerts/${id}`]) {
      await page.goto(server.url + path)
      expect(await page.evaluate(() => 'hostile' in globalThis)).toBe(false)
    }
    expect(await page.locator('h1').textContent()).toBe(
      HOSTILE_TITLE.replace('\u202e', '[U+202E]').replace('\u0000', '[U+0000]'),
    )
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
    expect(await page.getByText('javascript:window.hostile=1').count()).toBe(1)
    expect(complaints).toEqual([])
    await close()
  })

  it('by keyboard alone a person signs in, finds an alert, acknowledges it and resolves it', async () => {
    const { page, complaints, close } = await visit(browser)
    const id = ALERT_IDS['Example.GitHub.SecretScanningDisabled']!
    await page.goto(`${server.url}/alerts`)
    // The browser focuses the field a moment after the page has loaded.
    await page.locator('input[name="token"]:focus').waitFor()
    await page.keyboard.type(OPERATOR)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Alerts' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('secret scanning')
    await page.keyboard.press('Enter')
    await page.waitForURL(/q=secret/)
    await page.keyboard.press('j')
    await page.keyboard.press('a')
    await page.getByText('The alert is acknowledged.').waitFor()
    expect(await statusOf(id)).toBe('acknowledged')
    await page.goto(`${server.url}/alerts?status=acknowledged&q=secret+scanning`)
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Secret scanning/ }).waitFor()
    await page.keyboard.press('c')
    await page.keyboard.type('It is / was a test?')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('The comment is added.').waitFor()
    await page.keyboard.press('r')
    await page.keyboard.type('Expected')
    await page.keyboard.press('Tab')
    await page.keyboard.type('CHG-1')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('The alert is resolved.').waitFor()
    expect((await server.store.alert(id))!.status).toMatchObject({ status: 'resolved', reason: 'expected' })
    expect(complaints).toEqual([])
    await close()
  })

  it('keys move, select and open the list of keys, and do nothing while a person writes', async () => {
    const { page, close } = await signedIn()
    await page.goto(`${server.url}/alerts?status=any`)
    const current = () => page.locator('[data-row].current .title').textContent()
    await page.keyboard.press('j')
    const first = await current()
    await page.keyboard.press('j')
    expect(await current()).not.toBe(first)
    await page.keyboard.press('k')
    expect(await current()).toBe(first)
    await page.keyboard.press('x')
    await page.getByText('1 selected').waitFor()
    await page.keyboard.press('x')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.keyboard.type('jxa?')
    expect(await page.getByLabel('Search').inputValue()).toBe('jxa?')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await close()
  })

  it('an open list shows what others have done, unless a row is selected in it', async () => {
    const { page, close } = await signedIn()
    const id = ALERT_IDS['Example.AWS.RootConsoleLogin']!
    await page.goto(`${server.url}/alerts?status=any`)
    const row = page.locator('[data-row]').filter({ has: page.locator(`input[value="${id}"]`) })
    const linus = { name: 'linus', via: 'cli' }
    await changeAlert(
      server.store,
      id,
      { verb: 'assign', assignee: 'linus', note: '' },
      linus,
      server.store.now(),
    )
    await row.getByText('linus').waitFor()
    await row.locator('input').check()
    await changeAlert(
      server.store,
      id,
      { verb: 'assign', assignee: 'margaret', note: '' },
      linus,
      server.store.now(),
    )
    await page.getByRole('link', { name: 'There is something new: show it' }).click()
    await row.getByText('margaret').waitFor()
    await close()
  })

  it('without script a person signs in, acts on one alert and on several, and signs out', async () => {
    const { page, close } = await signedIn({ hasScript: false })
    const id = ALERT_IDS['Example.Okta.MFAFactorReset']!
    await page.goto(`${server.url}/alerts/${id}`)
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByText('The alert is acknowledged.').waitFor()
    await page.getByText('Resolve…', { exact: true }).click()
    await page.getByLabel('Reason').selectOption('false-positive')
    await page.getByRole('button', { name: 'Resolve', exact: true }).click()
    await page.getByText('The alert is resolved.').waitFor()
    await page.goto(`${server.url}/alerts?status=open`)
    const ids = [
      ALERT_IDS['Example.Standard.PasswordSpray']!,
      ALERT_IDS['Example.GitHub.OrganizationOwnerAdded']!,
    ]
    for (const each of ids) await page.locator(`input[value="${each}"]`).check()
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByRole('heading', { name: 'Acknowledge 2 alerts?' }).waitFor()
    await page.getByRole('button', { name: 'Acknowledge 2 alerts' }).click()
    await page.getByText('Acknowledged 2 alerts.').waitFor()
    for (const each of ids) expect(await statusOf(each)).toBe('acknowledged')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await close()
  })

  it('by keyboard and without script a person previews a silence from an alert, and adds it', async () => {
    for (const hasScript of [true, false]) {
      const { page, complaints, close } = await signedIn({ hasScript })
      await page.goto(`${server.url}/alerts/${ALERT_IDS['Example.AWS.SecurityGroupOpened']}`)
      if (hasScript) await page.keyboard.press('s')
      else await page.getByRole('link', { name: 'Silence…' }).click()
      await page.getByRole('heading', { name: 'New silence' }).waitFor()
      await page.getByLabel('Ends after').fill('2h')
      await page.getByRole('button', { name: 'Preview' }).click()
      await page.getByText(/It would have hidden [1-9]\d* alerts? of the newest/).waitFor()
      if (hasScript) expect(await violationsOf(page)).toEqual([])
      await page.getByLabel('Reason').fill(`CHG-${hasScript ? 1 : 2}`)
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByText(/^s-[0-9a-f]{8} is in force until/).waitFor()
      expect(complaints).toEqual([])
      await close()
    }
    const made = await server.store.silences({ endsAfter: server.store.now(), limit: 100 })
    expect(made.map(({ silence }) => silence.reason)).toEqual(expect.arrayContaining(['CHG-1', 'CHG-2']))
  })

  it('the chosen colours stay, whatever the system prefers', async () => {
    const { page, close } = await signedIn({ scheme: 'light' })
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await background()
    await page.getByRole('button', { name: 'dark' }).click()
    await page.waitForURL(`${server.url}/alerts`)
    const dark = await background()
    expect(dark).not.toBe(light)
    await page.goto(`${server.url}/destinations`)
    expect(await background()).toBe(dark)
    await close()
  })

  it('a link on another site leads to the alert, although the browser sends no cookie with it', async () => {
    const { page, close } = await signedIn()
    const alert = `${server.url}/alerts/${ALERT_IDS['Example.AWS.RootConsoleLogin']}`
    // The name is another site for the browser, and the same server.
    await page.goto(`${server.url.replace('127.0.0.1', 'localhost')}/sign-in`)
    await follow(page, alert)
    await page.getByRole('heading', { name: /^Root signed in/ }).waitFor()
    await close()
  })
})

/** What axe finds on the page, with the elements. */
async function violationsOf(page: Page): Promise<string[]> {
  // Without frames the older way finds the same, and opens no further page.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** Follows a link of the present page. */
async function follow(page: Page, address: string): Promise<void> {
  const link = `Object.assign(document.createElement('a'), { href: ${JSON.stringify(address)} })`
  await page.evaluate(`document.body.appendChild(${link}).click()`)
}
