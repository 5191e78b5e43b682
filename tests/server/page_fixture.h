/* The pages of a server with settings that need escaping. */
#ifndef OPS_TESTS_PAGE_FIXTURE_H
#define OPS_TESTS_PAGE_FIXTURE_H

#include "config_fixture.h"
#include "runtime/server/page.h"
#include "tests/support/memory.h"

struct fixture {
    struct settings settings;
    struct ops_pages *pages;
    struct ops_arena arena;
};

static inline struct ops_str view(const char *text)
{
    return ops_str_of(text, text != NULL ? strlen(text) : 0);
}

static inline int set_up(void **state)
{
    static char *environment[] = {"OPSTREAM__STORAGE__PROVIDER=sqlite", "OPSTREAM__STORAGE__CONNECTIONSTRING=Data Source=/x",
                                  "OPSTREAM__WEBSOCKETS__PATH=/a&<b>'", NULL};
    struct fixture *f = (struct fixture *)calloc(1, sizeof *f);

    assert_non_null(f);
    settings_load(&f->settings, environment, NULL);
    assert_true(f->settings.valid);
    f->pages = ops_pages_open(&f->settings.config, "1.2.3<");
    assert_non_null(f->pages);
    f->arena = test_arena(TEST_ARENA_BYTES);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = (struct fixture *)*state;

    ops_arena_reset(&f->arena);
    ops_pages_close(f->pages);
    ops_config_drop(&f->settings.config);
    free(f);
    return 0;
}

static inline struct ops_str header(const struct ops_page *page, const char *name)
{
    for (size_t i = 0; i < page->headers_count; i++)
        if (ops_str_equal(page->headers[i].name, view(name)))
            return page->headers[i].value;
    return ops_str_of(NULL, 0);
}

static inline bool has(struct ops_str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static inline struct ops_page home(struct fixture *f, const char *method, const char *accept, struct ops_str tag)
{
    struct ops_page_request request = {view(method), OPS_STR("/"), view(accept), {NULL, 0}, tag};
    struct ops_page page;

    ops_pages_home(f->pages, &request, &page);
    return page;
}

#endif
