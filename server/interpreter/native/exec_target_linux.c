#include "exec_target.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define USUAL_LOADER "/lib64/ld-linux-x86-64.so.2"
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define USUAL_LOADER "/lib/ld-linux-aarch64.so.1"
#endif

#define MAX_PROGRAM_HEADERS 64u
#define MAX_NEEDED 64u
#define MAX_CHAIN 4096u
/* As many as the kernel follows (fs/exec.c), and what it reads of the first line. */
#define MAX_SCRIPTS 4
#define FIRST_LINE_BYTES 256

static char own_loader[256];

/* Programs whose whole purpose is to start another; the rest of the world is left alone. */
static const char *const LAUNCHERS[] = {"sh",    "ash",     "bash", "dash",   "ksh",     "mksh",
                                        "zsh",   "busybox", "env",  "nice",   "ionice",  "chrt",
                                        "nohup", "setsid",  "time", "make",   "timeout", "taskset",
                                        "xargs", "numactl", "uv",   "stdbuf", "script"};

static int note_loader(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_INTERP && p->p_filesz <= sizeof own_loader)
            memcpy(own_loader, (const char *)info->dlpi_addr + p->p_vaddr, p->p_filesz);
    }
    return 1; /* the first is the program itself */
}

void exec_target_open(void)
{
    dl_iterate_phdr(note_loader, NULL);
}

static bool read_at(int fd, void *to, size_t bytes, uint64_t offset)
{
    return pread(fd, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

/* A string of a file, clipped. */
static void text_at(int fd, char *to, size_t bytes, uint64_t offset)
{
    ssize_t n = pread(fd, to, bytes - 1, (off_t)offset);
    to[n > 0 ? n : 0] = 0;
}

struct elf_file {
    int fd;
    uint16_t count;
    Elf64_Phdr headers[MAX_PROGRAM_HEADERS];
    uint64_t strings, symbols, gnu_hash, hash;
};

static uint64_t offset_of(const struct elf_file *f, uint64_t address)
{
    for (int i = 0; i < f->count; i++) {
        const Elf64_Phdr *p = &f->headers[i];
        if (p->p_type == PT_LOAD && address >= p->p_vaddr && address - p->p_vaddr < p->p_filesz)
            return address - p->p_vaddr + p->p_offset;
    }
    return 0;
}

static const Elf64_Phdr *header_of(const struct elf_file *f, uint32_t type)
{
    for (int i = 0; i < f->count; i++)
        if (f->headers[i].p_type == type)
            return &f->headers[i];
    return NULL;
}

/* Only with the same C library can the probe be loaded; a program without a loader is static. */
static bool has_our_loader(const struct elf_file *f)
{
    char loader[sizeof own_loader] = "";
    const Elf64_Phdr *p = header_of(f, PT_INTERP);
    if (!p || p->p_filesz >= sizeof loader || !read_at(f->fd, loader, p->p_filesz, p->p_offset))
        return false;
    return !strcmp(loader, own_loader) || !strcmp(loader, USUAL_LOADER);
}

/* The linker does not preload into a program that has more rights than its user; nor is that ours to watch. */
static bool has_more_rights(int fd)
{
    struct stat s;
    return fstat(fd, &s) != 0 || (s.st_mode & (S_ISUID | S_ISGID)) ||
           fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static bool is_symbol(const struct elf_file *f, uint32_t index, const char *name)
{
    Elf64_Sym symbol;
    char text[32];
    if (!read_at(f->fd, &symbol, sizeof symbol, f->symbols + (uint64_t)index * sizeof symbol) ||
        symbol.st_shndx == SHN_UNDEF)
        return false;
    text_at(f->fd, text, sizeof text, f->strings + symbol.st_name);
    return !strcmp(text, name);
}

static bool in_gnu_hash(const struct elf_file *f, const char *name)
{
    uint32_t head[4], index, hash = 5381, found;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (uint8_t)*c;
    if (!read_at(f->fd, head, sizeof head, f->gnu_hash) || !head[0])
        return false;
    uint64_t buckets = f->gnu_hash + sizeof head + head[2] * sizeof(uint64_t);
    uint64_t chains = buckets + head[0] * sizeof(uint32_t);
    if (!read_at(f->fd, &index, sizeof index, buckets + (hash % head[0]) * sizeof index) ||
        index < head[1])
        return false;
    for (uint32_t n = 0; n < MAX_CHAIN; n++, index++) {
        if (!read_at(f->fd, &found, sizeof found, chains + (index - head[1]) * sizeof found))
            return false;
        if ((found | 1) == (hash | 1) && is_symbol(f, index, name))
            return true;
        if (found & 1)
            return false;
    }
    return false;
}

static bool in_hash(const struct elf_file *f, const char *name)
{
    uint32_t head[2], index, hash = 0;
    for (const char *c = name; *c; c++) {
        hash = (hash << 4) + (uint8_t)*c;
        hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
    }
    if (!read_at(f->fd, head, sizeof head, f->hash) || !head[0])
        return false;
    uint64_t buckets = f->hash + sizeof head, chains = buckets + head[0] * sizeof index;
    uint64_t at = buckets + (hash % head[0]) * sizeof index;
    for (uint32_t n = 0; n < MAX_CHAIN && read_at(f->fd, &index, sizeof index, at); n++) {
        if (index == STN_UNDEF)
            return false;
        if (is_symbol(f, index, name))
            return true;
        at = chains + index * sizeof index;
    }
    return false;
}

static bool is_python(struct elf_file *f)
{
    const Elf64_Phdr *dynamic = header_of(f, PT_DYNAMIC);
    uint64_t needed[MAX_NEEDED];
    unsigned count = 0;
    Elf64_Dyn entry = {.d_tag = DT_NULL};
    for (uint64_t i = 0; dynamic && i < dynamic->p_filesz / sizeof entry; i++) {
        if (!read_at(f->fd, &entry, sizeof entry, dynamic->p_offset + i * sizeof entry) ||
            entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_NEEDED && count < MAX_NEEDED)
            needed[count++] = entry.d_un.d_val;
        else if (entry.d_tag == DT_STRTAB)
            f->strings = offset_of(f, entry.d_un.d_ptr);
        else if (entry.d_tag == DT_SYMTAB)
            f->symbols = offset_of(f, entry.d_un.d_ptr);
        else if (entry.d_tag == DT_GNU_HASH)
            f->gnu_hash = offset_of(f, entry.d_un.d_ptr);
        else if (entry.d_tag == DT_HASH)
            f->hash = offset_of(f, entry.d_un.d_ptr);
    }
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        text_at(f->fd, name, sizeof name, f->strings + needed[i]);
        if (!strncmp(name, "libpython3.", 11))
            return true;
    }
    return (f->gnu_hash && in_gnu_hash(f, "_PyRuntime")) || (f->hash && in_hash(f, "_PyRuntime"));
}

static bool is_launcher(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof LAUNCHERS / sizeof *LAUNCHERS; i++)
        if (!strcmp(name, LAUNCHERS[i]))
            return true;
    return false;
}

static enum exec_target elf_target(int fd, const Elf64_Ehdr *head, const char *path)
{
    struct elf_file f = {.fd = fd, .count = head->e_phnum};
    if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_machine != MACHINE ||
        head->e_phentsize != sizeof *f.headers || f.count > MAX_PROGRAM_HEADERS ||
        !read_at(fd, f.headers, f.count * sizeof *f.headers, head->e_phoff))
        return EXEC_TARGET_OTHER;
    if (!has_our_loader(&f) || has_more_rights(fd))
        return EXEC_TARGET_OTHER;
    return is_python(&f)       ? EXEC_TARGET_PYTHON
           : is_launcher(path) ? EXEC_TARGET_LAUNCHER
                               : EXEC_TARGET_OTHER;
}

/* The program named in a script's first line; clipped to nothing where there is none. */
static void script_program(const char *line, char program[FIRST_LINE_BYTES])
{
    size_t start = 2 + strspn(line + 2, " \t"), bytes = strcspn(line + start, " \t\r\n");
    memcpy(program, line + start, bytes);
    program[bytes] = 0;
}

enum exec_target exec_target_of(const char *path)
{
    char program[FIRST_LINE_BYTES];
    for (int scripts = 0; scripts <= MAX_SCRIPTS; scripts++) {
        union {
            Elf64_Ehdr elf;
            char line[FIRST_LINE_BYTES];
        } head;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t n = fd < 0 ? -1 : pread(fd, &head, sizeof head - 1, 0);
        enum exec_target target = EXEC_TARGET_OTHER;
        bool is_script = false;
        if (n > 0) {
            head.line[n] = 0;
            is_script = !strncmp(head.line, "#!", 2);
            if (n >= (ssize_t)sizeof head.elf && !memcmp(head.line, ELFMAG, SELFMAG))
                target = elf_target(fd, &head.elf, path);
            else if (!is_script && !memchr(head.line, 0, (size_t)n))
                target = EXEC_TARGET_LAUNCHER; /* text: execvp gives it to sh */
        }
        if (fd >= 0)
            close(fd);
        if (!is_script)
            return target;
        script_program(head.line, program);
        path = program;
    }
    return EXEC_TARGET_OTHER;
}
