#include "export/identifier.h"

#include <algorithm>
#include <array>
#include <set>

namespace quantscope {

namespace {

// Lists stay lists.
// clang-format off

/// C11 6.4.1, C23 6.4.1 and C++20 [lex.key], with the alternative tokens of [lex.digraph].
constexpr auto kReservedWords = std::to_array<std::string_view>({
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const",
    "const_cast", "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete", "do", "double",
    "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "final", "float", "for", "friend", "goto",
    "if", "import", "inline", "int", "long", "module", "mutable", "namespace", "new", "noexcept", "not", "not_eq",
    "nullptr", "operator", "or", "or_eq", "override", "private", "protected", "public", "register", "reinterpret_cast",
    "requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast", "struct",
    "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
    "typeof_unqual", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
    "_Alignas", "_Alignof", "_Atomic", "_BitInt", "_Bool", "_Complex", "_Decimal128", "_Decimal32", "_Decimal64",
    "_Generic", "_Imaginary", "_Noreturn", "_Static_assert", "_Thread_local",
});

/// P.h must not be found instead of one of these: ISO C, POSIX, glibc's and Windows' top folders, and the headers of the
/// HLS libraries. Compared without case, as some file systems do.
constexpr auto kHeaderNames = std::to_array<std::string_view>({
    // ISO C (C99 7.1.2, C11, C23)
    "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits", "locale", "math", "setjmp",
    "signal", "stdalign", "stdarg", "stdatomic", "stdbit", "stdbool", "stdckdint", "stddef", "stdint", "stdio", "stdlib",
    "stdnoreturn", "string", "tgmath", "threads", "time", "uchar", "wchar", "wctype",
    // POSIX and glibc
    "aio", "aliases", "alloca", "ar", "argp", "argz", "byteswap", "cpio", "crypt", "dirent", "dlfcn", "elf", "endian",
    "envz", "err", "error", "execinfo", "fcntl", "features", "fmtmsg", "fnmatch", "fstab", "fts", "ftw", "gconv", "getopt",
    "glob", "grp", "gshadow", "iconv", "ifaddrs", "langinfo", "lastlog", "libgen", "libintl", "link", "malloc", "mcheck",
    "memory", "mntent", "monetary", "mqueue", "ndbm", "netdb", "nl_types", "nss", "obstack", "paths", "poll", "printf",
    "proc_service", "pthread", "pty", "pwd", "re_comp", "regex", "regexp", "resolv", "sched", "search", "semaphore",
    "sgtty", "shadow", "spawn", "stab", "strings", "stropts", "syscall", "sysexits", "syslog", "tar", "termio", "termios",
    "thread_db", "ttyent", "ucontext", "ulimit", "unistd", "ustat", "utime", "utmp", "utmpx", "values", "varargs",
    "wait", "wordexp", "xlocale",
    // compilers and Windows
    "_G_config", "conio", "corecrt", "cpuid", "crtdefs", "dos", "direct", "excpt", "float16", "immintrin", "intrin", "io",
    "omp", "process", "sal", "share", "unwind", "vcruntime", "winapifamily", "windef", "windows", "yvals",
    // file names that Windows keeps for devices
    "aux", "con", "nul", "prn", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
    // HLS libraries, and the helper that is written beside the headers
    "ac_channel", "ac_complex", "ac_fixed", "ac_float", "ac_int", "ap_axi_sdata", "ap_common", "ap_fixed", "ap_float",
    "ap_int", "hls_math", "hls_stream", "hls_vector", "sysc", "systemc", "quantscope_fixed",
});

// clang-format on

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
/// Later bytes of a UTF-8 character: with its first byte they are one character.
bool continues(std::string_view text, std::size_t i)
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    return i > 0 && (byte(i) & 0xC0) == 0x80 && byte(i - 1) >= 0x80;
}

std::string lowerAscii(std::string_view text)
{
    std::string out(text);
    for (char &c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

template <std::size_t N> bool contains(const std::array<std::string_view, N> &words, std::string_view word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool isTaken(const std::string &identifier)
{
    const std::string lower = lowerAscii(identifier);
    return contains(kReservedWords, identifier)
        || std::any_of(
            kHeaderNames.begin(), kHeaderNames.end(), [&](std::string_view n) { return lowerAscii(n) == lower; });
}

} // namespace

std::string upperAscii(std::string_view text)
{
    std::string out(text);
    for (char &c : out)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string cIdentifier(const std::string &path)
{
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (isLetter(path[i]) || isDigit(path[i]))
            out += path[i];
        else if (!continues(path, i))
            out += '_';
    }
    if (out.empty()) // the module at the root has no name
        out = "layer";
    if (isDigit(out[0]))
        out.insert(0, "L");
    if (isTaken(out))
        out += '_';
    return out;
}

std::vector<std::string> uniqueIdentifiers(std::span<const std::string> paths)
{
    std::vector<std::string> out(paths.size());
    std::set<std::string> taken;
    const auto claim = [&](std::size_t i, const std::string &name) {
        if (!taken.insert(lowerAscii(name)).second)
            return false;
        out[i] = name;
        return true;
    };
    // Names that need no change first: "a_b" keeps its name when "a.b" stands before it.
    for (std::size_t i = 0; i < paths.size(); ++i)
        if (cIdentifier(paths[i]) == paths[i])
            claim(i, paths[i]);
    for (std::size_t i = 0; i < paths.size(); ++i)
        if (out[i].empty())
            claim(i, cIdentifier(paths[i]));
    for (std::size_t i = 0; i < paths.size(); ++i)
        for (std::size_t number = 2; out[i].empty(); ++number)
            claim(i, cIdentifier(paths[i]) + "_" + std::to_string(number));
    return out;
}

std::string commentText(std::string_view text, std::size_t longest)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const char last = out.empty() ? ' ' : out.back();
        if (continues(text, i))
            continue;
        if (out.size() >= longest)
            return out + "...";
        if (c < 0x20 || c > 0x7E || c == '\\' || (c == '?' && last == '?'))
            out += '_';
        else if ((c == '/' && last == '*') || (c == '*' && last == '/'))
            (out += ' ') += c;
        else
            out += c;
    }
    return out;
}

} // namespace quantscope
