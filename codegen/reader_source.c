/* Places and comments of definitions, from SourceCodeInfo. */
#include "reader_private.h"

#include "text.h"

#include <string.h>

struct path path_under(struct path p, int32_t number, int32_t index)
{
    if (p.n + 2 <= sizeof p.at / sizeof p.at[0]) {
        p.at[p.n++] = number;
        p.at[p.n++] = index;
    }
    return p;
}

static const google_protobuf_FileDescriptorProto *source_file(const struct reader *r, const char *name)
{
    size_t n, i;
    const google_protobuf_FileDescriptorProto *const *files = google_protobuf_FileDescriptorSet_file(r->set, &n);

    for (i = 0; i < n; i++) {
        upb_StringView file = google_protobuf_FileDescriptorProto_name(files[i]);

        if (file.size == strlen(name) && memcmp(file.data, name, file.size) == 0)
            return files[i];
    }
    return NULL;
}

static const google_protobuf_SourceCodeInfo_Location *source_find(const struct reader *r, const upb_FileDef *file,
                                                                  struct path p)
{
    const google_protobuf_FileDescriptorProto *proto = source_file(r, upb_FileDef_Name(file));
    const google_protobuf_SourceCodeInfo_Location *const *locations;
    size_t n, i, len;

    if (proto == NULL || !google_protobuf_FileDescriptorProto_has_source_code_info(proto))
        return NULL;
    locations =
        google_protobuf_SourceCodeInfo_location(google_protobuf_FileDescriptorProto_source_code_info(proto), &n);
    for (i = 0; i < n; i++) {
        const int32_t *at = google_protobuf_SourceCodeInfo_Location_path(locations[i], &len);

        if (len == p.n && memcmp(at, p.at, len * sizeof *at) == 0)
            return locations[i];
    }
    return NULL;
}

struct place source_place(const struct reader *r, const upb_FileDef *file, struct path p)
{
    const google_protobuf_SourceCodeInfo_Location *l = source_find(r, file, p);
    struct place place = {upb_FileDef_Name(file), 0, 0};
    size_t n;
    const int32_t *span = l != NULL ? google_protobuf_SourceCodeInfo_Location_span(l, &n) : NULL;

    if (span != NULL && n >= 3) {
        place.line = span[0] + 1;
        place.column = span[1] + 1;
    }
    return place;
}

/* Every line loses the blank that follows its slashes; line ends stay, for lists. */
static char *source_unindent(upb_StringView s)
{
    char *text = memory_new(s.size + 1, 1), *at = text;
    bool begins = true;
    size_t i;

    for (i = 0; i < s.size; i++) {
        if (!(begins && s.data[i] == ' '))
            *at++ = s.data[i];
        begins = s.data[i] == '\n';
    }
    while (at > text && (at[-1] == '\n' || at[-1] == ' '))
        at--;
    *at = '\0';
    return text;
}

const char *source_comment(const struct reader *r, const upb_FileDef *file, struct path p)
{
    const google_protobuf_SourceCodeInfo_Location *l = source_find(r, file, p);
    upb_StringView text;
    char *comment;

    if (l == NULL)
        return NULL;
    text = google_protobuf_SourceCodeInfo_Location_leading_comments(l);
    if (text.size == 0)
        text = google_protobuf_SourceCodeInfo_Location_trailing_comments(l);
    comment = source_unindent(text);
    return comment[0] != '\0' ? comment : NULL;
}
