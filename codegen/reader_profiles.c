/* Wire profiles, read generically: a new flag in the vocabulary becomes a new member of struct ops_profile, and
 * nothing changes here. */
#include "reader_private.h"

#include "text.h"

#include <string.h>

static void read_profile_members(struct reader *r, const upb_MessageDef *def)
{
    struct model *m = r->model;
    int i;

    if (m->profile_members != NULL)
        return;
    m->profile_member_count = (size_t)upb_MessageDef_FieldCount(def);
    m->profile_members = memory_new(m->profile_member_count, sizeof *m->profile_members);
    for (i = 0; i < upb_MessageDef_FieldCount(def); i++) {
        const upb_FieldDef *f = upb_MessageDef_Field(def, i);
        struct profile_member *member = &m->profile_members[i];
        struct path p = path_under(options_message_path(def), 2, i);

        member->name = upb_FieldDef_Name(f);
        member->place = source_place(r, upb_MessageDef_File(def), p);
        member->comment = source_comment(r, upb_MessageDef_File(def), p);
        member->kind = upb_FieldDef_CType(f) == kUpb_CType_Bool    ? PROFILE_FLAG
                       : upb_FieldDef_CType(f) == kUpb_CType_Int32 ? PROFILE_NUMBER
                       : strcmp(member->name, "name") == 0         ? PROFILE_NAME
                                                                   : PROFILE_STYLE;
    }
}

static void read_profile(struct reader *r, struct view v, struct profile *p)
{
    int i;

    p->values = memory_new(r->model->profile_member_count, sizeof *p->values);
    for (i = 0; i < upb_MessageDef_FieldCount(v.def); i++) {
        upb_MessageValue value = upb_Message_Get(v.msg, upb_MessageDef_Field(v.def, i));

        switch (r->model->profile_members[i].kind) {
        case PROFILE_NAME:
            p->name = p->values[i].text = reader_string(value.str_val);
            break;
        case PROFILE_STYLE:
            p->values[i].text = reader_string(value.str_val);
            break;
        case PROFILE_FLAG:
            p->values[i].number = value.bool_val ? 1 : 0;
            break;
        case PROFILE_NUMBER:
            p->values[i].number = value.int32_val;
            break;
        }
    }
    options_refuse_unknown(v, "Profile", p->place);
}

void options_profiles(struct reader *r, const upb_FileDef *file, struct view options)
{
    const upb_FieldDef *f;
    const upb_Array *list = options_of_file(r, options, "profile", &f);
    size_t i, n = list != NULL ? upb_Array_Size(list) : 0, had = r->model->profile_count;
    struct profile *profiles = memory_new(had + n, sizeof *profiles);

    if (f != NULL)
        read_profile_members(r, upb_FieldDef_MessageSubDef(f));
    if (had > 0)
        memcpy(profiles, r->model->profiles, had * sizeof *profiles);
    for (i = 0; i < n; i++) {
        profiles[had + i].place = source_place(r, file, options_file_path(f, i));
        read_profile(r, (struct view){upb_Array_Get(list, i).msg_val, upb_FieldDef_MessageSubDef(f)},
                     &profiles[had + i]);
    }
    r->model->profiles = profiles;
    r->model->profile_count = had + n;
}
