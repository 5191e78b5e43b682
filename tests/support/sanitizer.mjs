// What a sanitizer writes while a program runs fails the test that started it, also when the program is killed before it could end
// with the sanitizer's own exit code.

const BANNER = /WARNING: ThreadSanitizer|ERROR: (Address|Leak)Sanitizer|: runtime error: |WARNING: MemorySanitizer/;
const KEPT = 300; // lines of all reports together: a race that comes again and again must not fill the log

const reports = [];

process.on('exit', () => {
    if (reports.length === 0) return;
    console.log('not ok - no sanitizer has anything to report');
    for (const line of reports) console.log(`  ${line}`);
    process.exitCode = 1;
});

// Watches a program's standard error (its reader may read it too).
export function watchReports(child)
{
    let rest = '', reporting = false;
    child.stderr.on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) {
            reporting ||= BANNER.test(line);
            if (reporting && reports.length < KEPT) reports.push(line);
            if (line.startsWith('SUMMARY: ')) reporting = false;
        }
    });
}
