"""The page of `tessera report` in a headless Chromium.

    report_test.py TESSERA SOURCE_DIR OUTPUT_DIR

Makes reports of a bundled block, of two placements of it, of a training and of a block with more
than a thousand nodes; looks for messages on the console, works the controls, and measures how fast
the large one is drawn while it is panned. Leaves the reports and screenshots in OUTPUT_DIR. Without
Selenium or Chromium (Debian: python3-selenium, chromium, chromium-driver) the test is skipped.
"""

import gzip
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import unittest
from pathlib import Path

try:
    from selenium import webdriver
    from selenium.webdriver import ActionChains
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

LEAST_FRAMES_PER_S = 30
MOST_DRAWING_MS = 1000 / LEAST_FRAMES_PER_S

tessera = source_dir = output_dir = None


def run_tessera(*arguments):
    """Standard output of the program, which must succeed."""
    done = subprocess.run([tessera, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f'tessera {" ".join(map(str, arguments))}: {done.stderr}')
    return done.stdout


def small_input():
    block = source_dir / 'data/blocks/small_balanced'
    return [f'{block}.pb.txt.gz', '--plc', f'{block}.plc']


def make_small_reports():
    """small.html, a placement of its own run; compare.html, that and one refined."""
    placed = output_dir / 'placed.plc'
    refined = output_dir / 'refined.plc'
    document = run_tessera('place', *small_input(), '--policy', 'greedy', '--effort', 'zero-shot',
                           '-q', '--json', '-o', placed, '--report', output_dir / 'small.html')
    (output_dir / 'placed.json').write_text(document)
    document = run_tessera('refine', small_input()[0], '--plc', placed, '--evals', '20000', '-q',
                           '--json', '-o', refined)
    (output_dir / 'refined.json').write_text(document)
    run_tessera('report', output_dir / 'placed.json', output_dir / 'refined.json', '-o',
                output_dir / 'compare.html')


def make_large_report():
    """large.html: a public block of 1,410 nodes or, without it, a generated one of that size."""
    benchmarks = Path(os.environ.get('TESSERA_BENCHMARKS', source_dir.parent / 'shared/benchmarks'))
    block = benchmarks / 'clustered/ng45_ariane133'
    if block.is_dir():
        arguments = [block / 'netlist.pb.txt.gz', '--plc', block / 'legalized.plc']
    else:
        run_tessera('generate', '-o', output_dir, '--name', 'large', '--macros', '133',
                    '--clusters', '800', '--ports', '500')
        arguments = [output_dir / 'large.pb.txt.gz', '--plc', output_dir / 'large.plc']
    (output_dir / 'large.json').write_text(run_tessera('cost', *arguments, '--json'))
    run_tessera('report', output_dir / 'large.json', '-o', output_dir / 'large.html')


def make_flat_report():
    """flat.html: macros of a generated flat netlist with its cells around them."""
    run_tessera('generate', '-o', output_dir, '--name', 'flat', '--flat', '--recipe',
                'large-memories', '--cells', '2000', '--macros', '8')
    run_tessera('place', output_dir / 'flat.pb.txt.gz', '--policy', 'none', '--evals', '2000',
                '--flat-trials', '1', '-q', '-o', output_dir / 'flat.plc', '--report',
                output_dir / 'flat.html')


def make_training_report():
    """training.html: curves of a made-up training."""
    lines = []
    for i in range(60):
        left = math.exp(-i / 15)
        lines.append(json.dumps({
            'iteration': i, 'phase': 'imitation' if i < 10 else 'ppo', 'elapsed_s': 10.0 * i,
            'mean_proxy': 0.7 + 0.2 * left, 'min_proxy': 0.68 + 0.2 * left,
            'best_proxy': 0.68 + 0.2 * left, 'policy_loss': -0.01 * left, 'value_loss': left,
            'entropy': 3.0 + 2.0 * left, 'kl': 0.01, 'explained_variance': 1 - left}))
    metrics = output_dir / 'made_up.metrics.jsonl'
    metrics.write_text('\n'.join(lines) + '\n')
    run_tessera('report', metrics, '-o', output_dir / 'training.html')


def start_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which('chromium')
    for argument in ('--headless=new', '--no-sandbox', '--disable-dev-shm-usage',
                     '--hide-scrollbars', '--window-size=1500,1100'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    return webdriver.Chrome(service=Service(shutil.which('chromedriver')), options=options)


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        make_small_reports()
        make_large_report()
        make_flat_report()
        make_training_report()
        cls.browser = start_browser()
        cls.browser.set_script_timeout(60)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    # -- help

    def open(self, name):
        self.browser.get(f'file://{output_dir / name}')
        self.frame()
        self.check_console()

    def check_console(self):
        self.assertEqual(self.browser.get_log('browser'), [])

    def frame(self):
        """Waits until what is asked for has been drawn."""
        self.browser.execute_async_script(
            'const done = arguments[0];'
            'requestAnimationFrame(() => requestAnimationFrame(() => done()));')

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def screenshot(self, name):
        self.browser.save_screenshot(str(output_dir / f'{name}.png'))

    def picture(self, view=0):
        self.frame()
        return self.js(f'return tessera.panel.views[{view}].element.toDataURL()')

    def point_of(self, node):
        """Where the middle of a node is in the window."""
        return self.js('''
            const view = tessera.panel.views[0];
            const box = view.element.getBoundingClientRect();
            const {x, y} = view.scene.positions;
            return [box.left + view.camera.toX(x[arguments[0]]),
                    box.top + view.camera.toY(y[arguments[0]])].map(Math.round);''', node)

    def move_to(self, node, click=False):
        self.js('tessera.panel.views[0].element.scrollIntoView({block: "nearest"})')
        x, y = self.point_of(node)
        actions = ActionChains(self.browser)
        actions.w3c_actions.pointer_action.move_to_location(x, y)
        if click:
            actions.w3c_actions.pointer_action.click()
        actions.perform()
        self.frame()

    def first_macro(self):
        return self.js('''const {netlist} = tessera.data.runs[0];
            return [netlist.hard[0], netlist.names[netlist.hard[0]]];''')

    def inspector(self):
        return self.browser.find_element(By.CSS_SELECTOR, '.inspector').text

    # -- what is tested

    def test_sections(self):
        self.open('small.html')
        titles = [title.text for title in self.browser.find_elements(By.CSS_SELECTOR, 'h2')]
        for title in ('Cost', 'Most congested cells', 'Stages', 'How it was made'):
            self.assertIn(title, titles)
        text = self.browser.find_element(By.TAG_NAME, 'body').text
        document = json.loads((output_dir / 'placed.json').read_text())
        self.assertIn(f'{document["cost"]["proxy"]:.5f}', text)
        self.assertIn('--policy greedy', text)
        self.assertNotIn('[object', text)
        self.assertNotIn('undefined', text)
        self.assertNotIn('NaN', text)
        self.screenshot('small')

    def test_layers_and_maps(self):
        self.open('small.html')
        before = self.picture()
        for layer in ('clusters', 'names', 'grid', 'ports', 'hot'):
            with self.subTest(layer=layer):
                box = self.browser.find_element(By.NAME, f'layer-{layer}')
                self.js('arguments[0].click()', box)
                self.assertNotEqual(self.picture(), before)
                self.js('arguments[0].click()', box)
                self.assertEqual(self.picture(), before)
        seen = {before}
        for name in ('density', 'horizontal', 'vertical'):
            self.js('arguments[0].click()',
                    self.browser.find_element(By.CSS_SELECTOR, f'input[value={name}]'))
            seen.add(self.picture())
            self.assertIn('0', self.browser.find_element(By.CSS_SELECTOR, '.ramp-ends').text)
        self.assertEqual(len(seen), 4)
        self.screenshot('small_map')
        self.check_console()

    def test_maps_of_a_flat_netlist(self):
        self.open('small.html')
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, 'input[value=edges]'), [])
        self.open('flat.html')
        seen = {self.picture()}
        for name, unit in (('edges', 'most used edge'), ('rudy', 'wire per area')):
            self.js('arguments[0].click()',
                    self.browser.find_element(By.CSS_SELECTOR, f'input[value={name}]'))
            seen.add(self.picture())
            self.assertIn(unit, self.browser.find_element(By.CSS_SELECTOR, '.ramp-ends').text)
        self.assertEqual(len(seen), 3)
        self.check_console()

    def test_policy_map(self):
        self.open('small.html')
        macro, _ = self.first_macro()
        self.js('tessera.panel.setMap("policy")')
        self.assertIn('Select a hard macro', self.browser.find_element(By.CSS_SELECTOR, '.scale').text)
        before = self.picture()
        self.move_to(macro, click=True)
        self.assertNotEqual(self.picture(), before)
        self.assertIn('probability', self.browser.find_element(By.CSS_SELECTOR, '.scale').text)
        self.screenshot('small_policy')
        self.check_console()

    def test_hover_and_click(self):
        for page in ('small.html', 'large.html'):
            with self.subTest(page=page):
                self.open(page)
                macro, name = self.first_macro()
                self.move_to(macro)
                self.assertIn(name, self.inspector())
                self.assertIn('Orientation', self.inspector())
                self.assertNotIn('Shares nets', self.inspector())
                before = self.picture()
                self.move_to(macro, click=True)
                self.assertIn('Shares nets with', self.inspector())
                self.assertEqual(self.js('return tessera.panel.views[0].scene.selected'), macro)
                self.assertNotEqual(self.picture(), before)
                self.screenshot(page.replace('.html', '_selected'))
                self.check_console()

    def test_dragging_pans_and_the_wheel_zooms(self):
        self.open('small.html')
        macro, _ = self.first_macro()
        x, y = self.point_of(macro)
        actions = ActionChains(self.browser)
        actions.w3c_actions.pointer_action.move_to_location(x, y)
        actions.w3c_actions.pointer_action.pointer_down()
        actions.w3c_actions.pointer_action.move_to_location(x - 40, y + 30)
        actions.w3c_actions.pointer_action.pointer_up()
        actions.perform()
        self.assertEqual(self.point_of(macro), [x - 40, y + 30])
        self.assertIsNone(self.js('return tessera.panel.views[0].scene.selected'))
        scale = self.js('return tessera.panel.views[0].camera.scale')
        canvas = self.browser.find_element(By.CSS_SELECTOR, 'canvas.floorplan')
        ActionChains(self.browser).scroll_from_origin(ScrollOrigin.from_element(canvas), 0,
                                                      -200).perform()
        self.assertGreater(self.js('return tessera.panel.views[0].camera.scale'), 1.2 * scale)
        self.check_console()

    def test_hostile_names_stay_texts(self):
        hostile = "</script><img src=x onerror=document.title='x'><script>document.title='y'"
        macro = 'bank_0/ram_0'
        netlist = gzip.decompress(Path(small_input()[0]).read_bytes()).decode()
        (output_dir / 'hostile.pb.txt').write_text(netlist.replace(f'"{macro}"', f'"{hostile}"')
                                                   .replace(f'"{macro}/', f'"{hostile}/'))
        (output_dir / 'hostile.json').write_text(run_tessera(
            'cost', output_dir / 'hostile.pb.txt', *small_input()[1:], '--json'))
        run_tessera('report', output_dir / 'hostile.json', '-o', output_dir / 'hostile.html')
        self.open('hostile.html')
        self.js('tessera.panel.show(tessera.data.runs[0], '
                'tessera.data.runs[0].netlist.idOfName.get(arguments[0]))', hostile)
        self.assertIn(hostile, self.inspector())
        self.assertEqual(self.browser.find_elements(By.TAG_NAME, 'img'), [])
        self.assertEqual(self.browser.title, 'small_balanced · Tessera')
        self.check_console()

    def test_keyboard(self):
        self.open('small.html')
        body = self.browser.find_element(By.TAG_NAME, 'body')
        body.send_keys('2')
        self.assertEqual(self.js('return tessera.panel.map'), 'density')
        body.send_keys('g')
        self.assertFalse(self.js('return tessera.panel.layers.grid'))
        body.send_keys('n')
        self.assertEqual(self.js('return tessera.panel.views[0].scene.selected'),
                         self.first_macro()[0])
        body.send_keys('/')
        field = self.browser.switch_to.active_element
        self.assertEqual(field.get_attribute('type'), 'search')
        field.send_keys('ram_1', Keys.ENTER)
        selected = self.js('const {scene} = tessera.panel.views[0];'
                           'return scene.run.netlist.names[scene.selected];')
        self.assertIn('ram_1', selected)
        canvas = self.browser.find_element(By.CSS_SELECTOR, 'canvas.floorplan')
        canvas.send_keys('0')
        x = self.js('return tessera.panel.views[0].camera.x')
        canvas.send_keys(Keys.ARROW_RIGHT)
        self.assertLess(self.js('return tessera.panel.views[0].camera.x'), x)
        body.send_keys('?')
        self.assertTrue(self.js('return document.querySelector("dialog").open'))
        self.check_console()

    def test_stages(self):
        self.open('small.html')
        at_end = self.picture()
        self.browser.find_element(By.TAG_NAME, 'body').send_keys('[')
        self.assertNotEqual(self.picture(), at_end)
        self.assertIn('1 of 2', self.browser.find_element(By.CSS_SELECTOR, '.stage-bar').text)
        self.browser.find_element(By.TAG_NAME, 'body').send_keys(']')
        self.assertEqual(self.picture(), at_end)

    def test_comparison(self):
        self.open('compare.html')
        views = self.browser.find_elements(By.CSS_SELECTOR, 'canvas.floorplan')
        self.assertEqual(len(views), 2)
        text = self.browser.find_element(By.TAG_NAME, 'body').text
        self.assertIn('Difference: placed → refined', text)
        macro, name = self.first_macro()
        self.move_to(macro, click=True)
        self.assertEqual(self.js('const {scene} = tessera.panel.views[1];'
                                 'return scene.run.netlist.names[scene.selected];'), name)
        before = self.picture(1)
        views[0].send_keys('+')
        self.assertNotEqual(self.picture(1), before)
        self.js('tessera.panel.views[0].fit(); tessera.panel.setMap("worst")')
        self.screenshot('compare')
        self.check_console()

    def test_training(self):
        self.open('training.html')
        charts = self.browser.find_elements(By.CSS_SELECTOR, '.chart canvas')
        self.assertGreaterEqual(len(charts), 5)
        for chart in charts:
            empty = self.js('''const canvas = arguments[0];
                const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width,
                                                                    canvas.height);
                return data.every((value) => value === 0);''', chart)
            self.assertFalse(empty)
        self.screenshot('training')

    def test_themes(self):
        self.open('small.html')
        light = self.picture()
        button = self.browser.find_elements(By.CSS_SELECTOR, '.tools button')[1]
        while self.js('return document.documentElement.dataset.theme') != 'dark':
            button.click()
        self.assertNotEqual(self.picture(), light)
        self.screenshot('small_dark')
        self.check_console()

    def test_print(self):
        self.open('small.html')
        pages = self.browser.print_page()
        self.assertGreater(len(pages), 10_000)
        self.check_console()

    def test_panning_is_fast(self):
        self.open('large.html')
        self.assertGreater(self.js('return tessera.data.runs[0].netlist.size'), 1000)
        macro, _ = self.first_macro()
        self.js('tessera.panel.views[0].select(arguments[0])', macro)
        frames, seconds, drawing = self.browser.execute_async_script('''
            const done = arguments[0];
            const view = tessera.panel.views[0];
            view.drawTimes = [];
            const start = performance.now();
            let frames = 0;
            const step = (now) => {
              if (now - start > 3000) {
                done([frames, (now - start) / 1000, view.drawTimes]);
                return;
              }
              ++frames;
              view.pan(6 * Math.cos(frames / 10), 4 * Math.sin(frames / 10));
              requestAnimationFrame(step);
            };
            requestAnimationFrame(step);''')
        rate = frames / seconds
        median = statistics.median(drawing)
        print(f'panning: {rate:.0f} frames a second, drawing {median:.2f} ms in the median, '
              f'{max(drawing):.1f} ms at most', flush=True)
        self.assertGreater(rate, LEAST_FRAMES_PER_S)
        self.assertLess(median, MOST_DRAWING_MS)


def main():
    global tessera, source_dir, output_dir
    tessera, source, output = sys.argv[1:4]
    source_dir, output_dir = Path(source).resolve(), Path(output).resolve()
    if webdriver is None or not shutil.which('chromium') or not shutil.which('chromedriver'):
        print('SKIPPED: the report in a browser needs python3-selenium, chromium, chromium-driver')
        return 0
    output_dir.mkdir(parents=True, exist_ok=True)
    program = unittest.main(argv=[sys.argv[0], *sys.argv[4:]], exit=False, verbosity=2)
    return 0 if program.result.wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main())
