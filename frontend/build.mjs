// Builds what pages need from the packages of package-lock.json into the folder given as the
// only argument (see costruisci.py, which calls this and puts the folder in its place):
//
//   bi/portale.css   Bootstrap Italia, purged to what our sources name, our fonts and our own CSS
//   bi/portale.js    the plugins whose data-bs-* attributes our templates use, and our own script
//   bi/qr.js         the reader of QR codes, for browsers that have none (js/qr.js)
//   bi/icone.svg     the icons that our sources name
//   bi/fonts/        the font files that the CSS names
//
// A source that names an icon or a plugin which does not exist stops the build.

import { createRequire } from 'node:module'
import { cp, glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { PurgeCSS } from 'purgecss'

const frontend = path.dirname(fileURLToPath(import.meta.url))
const root = path.dirname(frontend)
const [destination] = process.argv.slice(2)
if (!destination) throw new Error('Usage: node build.mjs <destination folder>')
const out = path.join(path.resolve(destination), 'bi')
const packages = path.join(frontend, 'node_modules')
const italia = path.join(packages, 'bootstrap-italia')
createRequire(import.meta.url).resolve('bootstrap-italia/package.json')

const sources = JSON.parse(await readFile(path.join(frontend, 'sorgenti.json'), 'utf8'))
const texts = []
for (const pattern of sources.contenuto) {
  for await (const file of glob(pattern, {
    cwd: root,
    exclude: (name) => sources.tranne.includes(path.basename(name)),
  })) {
    texts.push({ file, text: await readFile(path.join(root, file), 'utf8') })
  }
}

/** Every match of `pattern` (its first group) in our sources, with the file that names it. */
function named(pattern) {
  const found = new Map()
  for (const { file, text } of texts) {
    for (const [, name] of text.matchAll(pattern)) found.set(name, file)
  }
  return found
}

// --- Script --------------------------------------------------------------------------------

const PLUGINS = { navbarcollapsible: 'navbar-collapsible', list: 'tab', pill: 'tab' }
const entry = ["import 'bootstrap-italia/dist/plugins/init.js'"]
for (const [name, file] of named(/data-bs-(?:toggle|dismiss)="([a-z-]+)"/g)) {
  const plugin = path.join('bootstrap-italia/dist/plugins', `${PLUGINS[name] ?? name}.js`)
  await readFile(path.join(packages, plugin)).catch(() => {
    throw new Error(`${file} asks for the plugin "${name}", which Bootstrap Italia does not have`)
  })
  if (!entry.includes(`import '${plugin}'`)) entry.push(`import '${plugin}'`)
}
entry.sort()
entry.push("import './js/portale.js'")
const script = await esbuild.build({
  stdin: { contents: entry.join('\n'), resolveDir: frontend },
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  // The package says that its modules have no side effects, but loading them is what
  // registers their data-bs-* attributes.
  ignoreAnnotations: true,
  legalComments: 'none',
  write: false,
})

// Apart: only the page at the door of a meeting asks for it, and only where the browser has no
// reader of its own.
const reader = await esbuild.build({
  entryPoints: [path.join(frontend, 'js/qr.js')],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  legalComments: 'none',
  write: false,
})

// --- Style ---------------------------------------------------------------------------------

const bootstrap = await readFile(path.join(italia, 'dist/css/bootstrap-italia.min.css'), 'utf8')
const [purged] = await new PurgeCSS().purge({
  css: [{ raw: bootstrap.replace(/\/\*# sourceMappingURL=.*?\*\//g, '') }],
  content: [
    ...texts.map(({ file, text }) => ({ raw: text, extension: path.extname(file).slice(1) })),
    { raw: script.outputFiles[0].text, extension: 'js' },
  ],
  safelist: sources.classi,
  // Words of Bootstrap's classes: letters, digits, hyphens and a few signs (w-100, p-md-4, 1:1).
  defaultExtractor: (text) => text.match(/[\w-]+/g) ?? [],
  fontFace: true,
  keyframes: true,
  // Custom properties are kept: our own CSS uses them, and it is not purged.
  variables: false,
})
const fonts = await readFile(path.join(frontend, 'css/fonts.css'), 'utf8')
const own = await readFile(path.join(root, 'static/css/portale.css'), 'utf8')
const style = await esbuild.transform(
  [fonts, purged.css.replace(/@font-face\s*\{[^}]*\}/g, ''), own].join('\n'),
  { loader: 'css', minify: true, target: ['chrome109', 'firefox115', 'safari15'], legalComments: 'none' },
)
if (/url\(["']?data:font/.test(style.code)) throw new Error('A data: font would break the CSP')

// --- Icons ---------------------------------------------------------------------------------

const sprite = await readFile(path.join(italia, 'dist/svg/sprites.svg'), 'utf8')
const symbols = new Map(
  [...sprite.matchAll(/<symbol id="(it-[^"]+)".*?<\/symbol>/gs)].map((match) => [match[1], match[0]]),
)
const icons = named(/(?:#|["'])(it-[a-z0-9-]+)["']/g)
const used = []
for (const [name, file] of [...icons].sort()) {
  // Quoted words that begin with it- may be classes (it-header-wrapper): only "#it-…" and the
  // argument of the tag {% icona %} must be icons.
  const must = texts.some(({ text }) => new RegExp(`(#|icona ["'])${name}["']`).test(text))
  if (symbols.has(name)) used.push(symbols.get(name))
  else if (must) throw new Error(`${file} asks for the icon "${name}", which Bootstrap Italia does not have`)
}

// --- Writing -------------------------------------------------------------------------------

await mkdir(path.join(out, 'fonts'), { recursive: true })
await writeFile(path.join(out, 'portale.css'), style.code)
await writeFile(path.join(out, 'portale.js'), script.outputFiles[0].text)
await writeFile(path.join(out, 'qr.js'), reader.outputFiles[0].text)
await writeFile(path.join(out, 'icone.svg'), `<svg xmlns="http://www.w3.org/2000/svg">${used.join('')}</svg>\n`)
for (const [, file] of fonts.matchAll(/url\('fonts\/([^']+)'\)/g)) {
  await cp(path.join(italia, 'dist/fonts/Titillium_Web', file), path.join(out, 'fonts', file))
}
