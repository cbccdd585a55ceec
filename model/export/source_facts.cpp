#include "export/source_facts.h"

#include "base/byte_source.h"
#include "base/file_name.h"
#include "base/sha256.h"
#include "export/assumed.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <sys/stat.h>
#include <tuple>
#include <vector>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kQuickBytes = 64ull << 20;
constexpr std::uint64_t kPiece = 1ull << 20;

using Identity = std::tuple<std::string, std::uint64_t, std::int64_t, std::int64_t, std::uint64_t>;

std::optional<Identity> identityOf(const std::string &path)
{
    struct stat status { };
    if (::stat(path.c_str(), &status) != 0)
        return std::nullopt;
    return Identity{path, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
        static_cast<std::uint64_t>(status.st_ino)};
}

std::string hashFile(const ByteSource &source, const Progress &progress)
{
    Sha256 sha;
    std::vector<std::byte> piece;
    for (std::uint64_t at = 0; at < source.size(); at += piece.size()) {
        progress.step(at, source.size());
        piece.resize(std::min(kPiece, source.size() - at));
        source.read(at, piece);
        sha.add(piece);
    }
    return sha.finish();
}

/// Hashes of files by identity; the window asks on every change of the preview.
class HashMemory {
public:
    std::optional<std::string> find(const Identity &identity)
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_hashes.find(identity);
        return found == m_hashes.end() ? std::nullopt : std::optional(found->second);
    }
    void keep(const Identity &identity, const std::string &hash)
    {
        const std::lock_guard lock(m_mutex);
        if (m_hashes.size() > 100)
            m_hashes.clear();
        m_hashes[identity] = hash;
    }

private:
    std::mutex m_mutex;
    std::map<Identity, std::string> m_hashes;
};

HashMemory &memory()
{
    static HashMemory hashes;
    return hashes;
}

} // namespace

Result<SourceFacts> sourceFacts(const Network &network, bool quick, const Progress &progress)
{
    SourceFacts facts;
    facts.recipe = recipeInForce(network);
    facts.assumed = assumedText(countAssumed(network));
    if (!network.file || network.file->path.empty())
        return facts;
    const std::string &path = network.file->path;
    facts.file = fileName(path);
    if (network.file->shown() != nullptr && network.file->weightParts().size() > 1)
        facts.part = network.file->shown()->name;
    const auto identity = identityOf(path);
    const std::uint64_t opened = network.file->bytes;
    if (identity && !quick && opened != 0 && std::get<1>(*identity) != opened)
        return tl::unexpected(Error{ErrorKind::Io, path, std::nullopt,
            fmt::format("has {} bytes and had {} when it was opened; open it again", std::get<1>(*identity), opened)});
    if (identity) {
        if (auto known = memory().find(*identity)) {
            facts.sha256 = *known;
            return facts;
        }
    }
    auto source = FileSource::open(path);
    if (!source && quick)
        return facts;
    if (!source)
        return tl::unexpected(source.error());
    if (quick && (*source)->size() > kQuickBytes)
        return facts;
    facts.sha256 = hashFile(**source, progress);
    if (identity)
        memory().keep(*identity, facts.sha256);
    return facts;
}

} // namespace quantscope
