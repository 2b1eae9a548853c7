import { describe, expect, it } from 'vitest'
import { html, raw } from '../../../src/server/console/parts/html-template.ts'
import { visibleText } from '../../../src/server/console/parts/visible-text.ts'

describe('html', () => {
  it('escapes values as text and in attributes', () => {
    const hostile = `<script>alert(1)</script>" onclick='x'&`
    expect(String(html`<p title="${hostile}">${hostile}</p>`)).toBe(
      '<p title="&lt;script&gt;alert(1)&lt;/script&gt;&quot; onclick=&#39;x&#39;&amp;">&lt;script&gt;alert(1)&lt;/script&gt;&quot; onclick=&#39;x&#39;&amp;</p>',
    )
  })

  it('takes its own results, lists of them and nothing as they are', () => {
    const items = ['<a>', '<b>'].map((text) => html`<li>${text}</li>`)
    expect(String(html`<ul>${items}${null}${undefined}${false}${0}</ul>`)).toBe(
      '<ul><li>&lt;a&gt;</li><li>&lt;b&gt;</li>0</ul>',
    )
    expect(String(html`${raw('<svg></svg>')}`)).toBe('<svg></svg>')
  })

  it.each([
    ['/alerts?status=open', '/alerts?status=open'],
    ['/', '/'],
    ['?cursor=1', '?cursor=1'],
    ['#main', '#main'],
    ['https://runbooks.example/a?b=1&c=2', 'https://runbooks.example/a?b=1&amp;c=2'],
    ['HTTP://host/', 'HTTP://host/'],
    ['javascript:alert(1)', '#'],
    [' javascript:alert(1)', '#'],
    ['java\tscript:alert(1)', '#'],
    ['data:text/html,<script>', '#'],
    ['//evil.example', '#'],
    ['/\\evil.example', '#'],
    ['https://', '#'],
    ['file:///etc/passwd', '#'],
  ])('an address of a link is a path or a web address: %j becomes %j', (url, shown) => {
    expect(String(html`<a href="${url}">x</a>`)).toBe(`<a href="${shown}">x</a>`)
  })

  it.each([
    ['an attribute without quotes', () => html`<p title=${'a'}></p>`],
    ['a script', () => html`<script>${'a'}</script>`],
    ['a style', () => html`<style>p { color: ${'a'} }</style>`],
  ])('refuses a value in %s', (_where, make) => {
    expect(make).toThrow(/a value of the template/)
  })

  it.each([
    ['\u202egpj.exe', '[U+202E]gpj.exe'],
    ['a\u0000b\u001b[31m', 'a[U+0000]b[U+001B][31m'],
    ['\ud800 half', '[U+D800] half'],
    ['no\u200bwidth\ufeff', 'no[U+200B]width[U+FEFF]'],
    ['tab\tline\nend', 'tab\tline\nend'],
    [
      'family \u{1f468}\u200d\u{1f469} and نیم\u200cفاصله',
      'family \u{1f468}\u200d\u{1f469} and نیم\u200cفاصله',
    ],
  ])('shows what could not be seen: %j', (text, shown) => {
    expect(visibleText(text)).toBe(shown)
    expect(String(html`${text}`)).toBe(shown)
  })
})
