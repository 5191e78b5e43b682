/* What the engines offer beside their tables. */
#include "engines/json/json.h"
#include "engines/text/text.h"
#include "session.h"

size_t text_length(const void *document)
{
    return ops_text_length((const struct ops_text_doc *)document);
}

bool text_is_boundary(const void *document, size_t offset_utf16)
{
    return !ops_text_inside_pair((const struct ops_text_doc *)document, offset_utf16);
}

enum ops_err text_read(const void *document, size_t offset_utf16, size_t count_utf16, struct ops_buf *out)
{
    return ops_text_read((const struct ops_text_doc *)document, offset_utf16, count_utf16, out);
}

struct ops_str json_read(const void *document, struct ops_str path)
{
    struct ops_json_register found;

    if (!ops_json_get((const struct ops_json_doc *)document, path, &found) || found.is_deleted)
        return ops_str_of(NULL, 0);
    return found.value;
}

bool json_register(const void *document, struct ops_str path, struct ops_json_register *found)
{
    return ops_json_get((const struct ops_json_doc *)document, path, found);
}

enum ops_err json_walk(const void *document, struct ops_str path, struct ops_arena *scratch,
                       void (*visit)(void *self, const struct ops_json_register *found), void *self)
{
    return ops_json_walk((const struct ops_json_doc *)document, path, scratch, visit, self);
}

int64_t json_highest_stamp(const void *document)
{
    return ops_json_highest_stamp((const struct ops_json_doc *)document);
}

struct json_listing {
    void (*each)(void *self, struct ops_str path, struct ops_str value);
    void *self;
};

static void json_list_one(void *self, const struct ops_json_register *found)
{
    const struct json_listing *listing = (const struct json_listing *)self;

    if (!found->is_deleted)
        listing->each(listing->self, found->path, found->value);
}

enum ops_err json_list(const void *document, struct ops_arena *scratch,
                       void (*each)(void *self, struct ops_str path, struct ops_str value), void *self)
{
    struct json_listing listing = {each, self};

    return ops_json_walk((const struct ops_json_doc *)document, ops_str_of(NULL, 0), scratch, json_list_one, &listing);
}
