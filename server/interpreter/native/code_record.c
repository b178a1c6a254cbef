#include "code_record.h"
#include "probe.h"
#include "python_patch.h"

/* Longest file name and name that are kept, in characters. */
#define MAX_FILE_CHARS 4096u
#define MAX_NAME_CHARS 1024u
/* Room a record may ask of a chunk; longer line tables go on in TABLE records. */
#define MAX_TABLE_PART 32768u
#define CODE_HEAD_BYTES (1 + 4 + 4 + 4 + 4 + 4 + 4 + 4)

struct text {
    uintptr_t address;
    uint32_t width, chars;
    bool clipped;
};

/* PyASCIIObject (Include/cpython/unicodeobject.h): length, hash, then the bits interned:2 kind:3 compact:1 ascii:1. */
static bool find_text(const struct layout *l, const struct memory *memory, uintptr_t str,
                      uint32_t max_chars, struct text *text)
{
    uintptr_t type;
    int64_t length;
    uint32_t state;
    if (!str || (str & 7) || !memory_pointer(memory, str + l->type, &type) ||
        (probe.str_type && type != probe.str_type) ||
        !memory_copy(memory, str + l->object_bytes, &length, sizeof length) ||
        !memory_copy(memory, str + l->object_bytes + 16, &state, sizeof state) || length < 0)
        return false;
    if (l->free_threaded && l->hex >= 0x030e0000) /* 3.14t: `interned` became a byte of its own */
        state = (state >> 8) << 2;
    text->width = (state >> 2) & 7;
    bool compact = (state >> 5) & 1, ascii = (state >> 6) & 1;
    if (!compact || (text->width != 1 && text->width != 2 && text->width != 4))
        return false;
    text->address = str + (ascii ? l->ascii_bytes : l->compact_bytes);
    text->clipped = (uint64_t)length > max_chars;
    text->chars = text->clipped ? max_chars : (uint32_t)length;
    return true;
}

static bool write_table_parts(struct stream *stream, const struct memory *memory, uintptr_t table,
                              uint32_t bytes, uint32_t id)
{
    for (uint32_t done = 0; done < bytes;) {
        uint32_t part = bytes - done < MAX_TABLE_PART ? bytes - done : MAX_TABLE_PART;
        uint8_t *p = stream_room(stream, 9 + part, BEYOND_FOR_TOTALS);
        if (!p)
            return false;
        *p++ = GILSCOPE_TAG_TABLE;
        p = put_u32(p, 9 + part);
        p = put_u32(p, id);
        if (!memory_copy(memory, table + done, p, part))
            return false;
        stream_commit(stream, p + part);
        done += part;
    }
    return true;
}

bool code_record_write(struct stream *stream, const struct layout *l, const struct memory *memory,
                       uintptr_t code, uint32_t id)
{
    uintptr_t type, file_str, name_str, table;
    int64_t table_bytes;
    int32_t first_line;
    struct text file, name;
    if (!memory_pointer(memory, code + l->type, &type) ||
        (probe.code_type && type != probe.code_type) ||
        !memory_pointer(memory, code + l->file, &file_str) ||
        !memory_pointer(memory, code + l->name, &name_str) ||
        !memory_pointer(memory, code + l->line_table, &table) ||
        !memory_copy(memory, code + l->first_line, &first_line, sizeof first_line) ||
        !find_text(l, memory, file_str, MAX_FILE_CHARS, &file) ||
        !find_text(l, memory, name_str, MAX_NAME_CHARS, &name) || !table ||
        !memory_copy(memory, table + l->object_bytes, &table_bytes, sizeof table_bytes) ||
        table_bytes < 0 || table_bytes > INT32_MAX)
        return false;
    uint32_t file_bytes = file.chars * file.width, name_bytes = name.chars * name.width;
    uint32_t record = CODE_HEAD_BYTES + file_bytes + name_bytes;
    uint8_t *p = stream_room(stream, record, BEYOND_FOR_TOTALS);
    if (!p)
        return false;
    *p++ = GILSCOPE_TAG_CODE;
    p = put_u32(p, record);
    p = put_u32(p, id);
    p = put_u32(p, (uint32_t)first_line);
    *p++ = (uint8_t)l->line_table_kind;
    *p++ = (uint8_t)file.width;
    *p++ = (uint8_t)name.width;
    *p++ = file.clipped || name.clipped;
    p = put_u32(p, file.chars);
    p = put_u32(p, name.chars);
    p = put_u32(p, (uint32_t)table_bytes);
    if (!memory_copy(memory, file.address, p, file_bytes) ||
        !memory_copy(memory, name.address, p + file_bytes, name_bytes))
        return false;
    stream_commit(stream, p + file_bytes + name_bytes);
    /* bytes: PyObject_VAR_HEAD, hash, text */
    return write_table_parts(stream, memory, table + l->object_bytes + 16, (uint32_t)table_bytes,
                             id);
}

/* Of what a print is made, so that a long text costs little. */
#define MAX_PRINTED_BYTES 256u

static inline uint64_t blend(uint64_t h, uint64_t value)
{
    return (h ^ (h >> 29)) * 0x9e3779b97f4a7c15u + value;
}

/* The last of the bytes; false: the memory is gone. */
static bool blend_bytes(uint64_t *h, const struct memory *memory, uintptr_t at, uint64_t bytes)
{
    uint64_t words[MAX_PRINTED_BYTES / 8] = {0};
    uint64_t part = bytes < sizeof words ? bytes : sizeof words;
    if (!memory_copy(memory, at + (bytes - part), words, part))
        return false;
    for (uint64_t i = 0; i * 8 < part; i++)
        *h = blend(*h, words[i]);
    *h = blend(*h, bytes);
    return true;
}

static bool blend_text(uint64_t *h, const struct layout *l, const struct memory *memory,
                       uintptr_t str, uint32_t max_chars)
{
    struct text text;
    return find_text(l, memory, str, max_chars, &text) &&
           blend_bytes(h, memory, text.address, (uint64_t)text.chars * text.width);
}

uint64_t code_print(const struct layout *l, const struct memory *memory, uintptr_t code)
{
    uintptr_t file, name, table;
    int64_t table_bytes;
    uint64_t h = 0;
    if (!memory_pointer(memory, code + l->file, &file) ||
        !memory_pointer(memory, code + l->name, &name) ||
        !memory_pointer(memory, code + l->line_table, &table) || !table ||
        !blend_text(&h, l, memory, file, MAX_FILE_CHARS) ||
        !blend_text(&h, l, memory, name, MAX_NAME_CHARS) ||
        !memory_copy(memory, table + l->object_bytes, &table_bytes, sizeof table_bytes) ||
        table_bytes < 0 || table_bytes > INT32_MAX ||
        !blend_bytes(&h, memory, table + l->object_bytes + 16, (uint64_t)table_bytes))
        return 0;
    return h | 1;
}

uint64_t code_fingerprint(const struct layout *l, const struct memory *memory, uintptr_t code)
{
    uintptr_t type, file, name, table;
    int32_t first_line;
    if (!memory_pointer(memory, code + l->type, &type) ||
        (probe.code_type && type != probe.code_type) ||
        !memory_pointer(memory, code + l->file, &file) ||
        !memory_pointer(memory, code + l->name, &name) ||
        !memory_pointer(memory, code + l->line_table, &table) ||
        !memory_copy(memory, code + l->first_line, &first_line, sizeof first_line))
        return 0;
    uint64_t h = file;
    h = (h ^ (h >> 29)) * 0x9e3779b97f4a7c15u + name;
    h = (h ^ (h >> 29)) * 0x9e3779b97f4a7c15u + table;
    h = (h ^ (h >> 29)) * 0x9e3779b97f4a7c15u + (uint32_t)first_line;
    return h | 1;
}

static void dealloc(void *code)
{
    /* Before its memory can be another's. */
    atomic_fetch_add(codes_freed_at((uintptr_t)code), 1);
    probe.code_dealloc(code);
}

void code_frees_watch(void)
{
    if (probe.layout.known && probe.code_type)
        patch_slot((void *)probe.code_type, TYPE_SLOT_DEALLOC, (void *)dealloc,
                   (void **)&probe.code_dealloc);
}
