// Leaves out libtorch's static initialisers, which take most of the time of `bertqa --help`. The system's loader runs
// the functions in .preinit_array before any initialiser of a library; the one below tells it that libtorch has none.
// docs/decisions/0056-packages.md has the measurements, and says why this is safe.
#define _GNU_SOURCE
#include "CQuickStart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define QS_SANITIZED 1
#endif
#endif

static bool quick;
static char **arguments;

bool qs_is_quick(void) { return quick; }

// Set for the program that takes the place of one that started without initialisers.
static const char *const restarted = "BERTQA_RESTARTED";

int qs_restart(void) {
#if defined(__linux__)
    if (setenv(restarted, "1", 1) != 0) return errno;
    execv("/proc/self/exe", arguments);
    return errno;
#else
    return ENOSYS;
#endif
}

#if defined(__linux__) && defined(__GLIBC__) && !defined(QS_SANITIZED)

/// Whether the arguments ask for a text that the argument parser prints: one of them is such a flag, or the command is
/// `help`. An argument that only looks so costs a restart.
static bool asks_for_text(int count, char **words) {
    static const char *const flags[] = {"--help", "-h", "--version", "--help-hidden", "--experimental-dump-help"};
    if (count < 2) return count == 1;
    if (strcmp(words[1], "help") == 0) return true;
    for (int i = 1; i < count; i++) {
        if (strncmp(words[i], "--generate-completion-script", strlen("--generate-completion-script")) == 0) return true;
        for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
            if (strcmp(words[i], flags[k]) == 0) return true;
        }
    }
    return false;
}

/// Tells the loader that a library has no initialisers, if it is one of libtorch's: it reads their number from the
/// library's dynamic section when their turn comes.
static int leave_out_initialisers(struct dl_phdr_info *library, size_t size, void *done) {
    (void)size;
    const char *slash = strrchr(library->dlpi_name, '/');
    const char *name = slash == NULL ? library->dlpi_name : slash + 1;
    if (strncmp(name, "libtorch", 8) != 0 && strncmp(name, "libc10", 6) != 0) return 0;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        if (library->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
        ElfW(Dyn) *entry = (ElfW(Dyn) *)(library->dlpi_addr + library->dlpi_phdr[i].p_vaddr);
        while (entry->d_tag != DT_NULL && entry->d_tag != DT_INIT_ARRAYSZ) entry++;
        if (entry->d_tag == DT_NULL) continue;
        // The section is read-only once the library is relocated.
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *const start = (char *)((size_t)entry & ~(page - 1));
        const size_t length = (size_t)((char *)(entry + 1) - start);
        if (mprotect(start, length, PROT_READ | PROT_WRITE) != 0) continue;
        entry->d_un.d_val = 0;
        *(bool *)done = true;
    }
    return 0;
}

/// libc has not read the environment yet.
static bool is_restarted(char **environment) {
    const size_t length = strlen(restarted);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, restarted, length) == 0 && (*environment)[length] == '=') return true;
    }
    return false;
}

/// libtorch's mathematical library ends the process, with words of its own, where the working folder is gone.
static void require_folder(void) {
    char path[4096];
    if (getcwd(path, sizeof path) != NULL || errno != ENOENT) return;
    static const char message[] =
        "bertqa: the folder that this program was started in no longer exists; change to another one\n";
    const ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    (void)written;
    _exit(64);
}

static void start(int count, char **words, char **environment) {
    arguments = words;
    if (!is_restarted(environment) && asks_for_text(count, words)) {
        dl_iterate_phdr(leave_out_initialisers, &quick);
    } else {
        require_folder();
    }
}

__attribute__((section(".preinit_array"), used)) static void (*const entry)(int, char **, char **) = start;

/// The programs that this one starts decide for themselves.
__attribute__((constructor)) static void forget(void) { unsetenv(restarted); }

#endif
