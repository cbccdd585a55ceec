#include "base/writer_mark.h"

#include "base/parse_number.h"
#include "base/sha256.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

namespace quantscope {

namespace {

std::string textOf(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string linkOf(const char *path)
{
    char target[PATH_MAX];
    const ssize_t length = ::readlink(path, target, sizeof target);
    return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : std::string();
}

/// Ticks since the kernel's start; nothing where there is no such process, or the system does not say.
std::optional<std::uint64_t> startOf(const std::string &process)
{
    constexpr int kBetween = 19; // fields from the state to the start
    const std::string stat = textOf("/proc/" + process + "/stat");
    const std::size_t name = stat.rfind(')'); // a program's name may hold anything
    if (name == std::string::npos)
        return std::nullopt;
    std::istringstream fields(stat.substr(name + 1));
    std::string field;
    for (int i = 0; i <= kBetween && fields; ++i)
        fields >> field;
    return fields ? parseNumber<std::uint64_t>(field) : std::nullopt;
}

/// Where a process number and its start mean one process: this boot of this machine, this container.
std::string scopeOfNumbers()
{
    const std::string boot = textOf("/proc/sys/kernel/random/boot_id"), processes = linkOf("/proc/self/ns/pid");
    if (boot.empty() || processes.empty())
        return {};
    const std::string all = boot + processes + linkOf("/proc/self/ns/time");
    return sha256(std::as_bytes(std::span(all))).substr(0, 16);
}

} // namespace

std::string writerMark()
{
    const std::string scope = scopeOfNumbers();
    const auto start = startOf("self");
    return scope.empty() || !start ? std::string() : fmt::format("{}.{}.{}", ::getpid(), *start, scope);
}

bool isDeadWriter(std::string_view mark)
{
    const std::size_t first = mark.find('.'), last = mark.rfind('.');
    if (first == std::string_view::npos || first == last)
        return false;
    const auto process = parseNumber<std::int32_t>(std::string(mark.substr(0, first)));
    const auto start = parseNumber<std::uint64_t>(std::string(mark.substr(first + 1, last - first - 1)));
    if (!process || *process <= 0 || !start || mark.substr(last + 1) != scopeOfNumbers())
        return false;
    if (::kill(*process, 0) != 0 && errno == ESRCH)
        return true;
    const auto living = startOf(std::to_string(*process));
    return living && *living != *start;
}

} // namespace quantscope
