#pragma once

#include "export/export_plan.h"
#include "export/source_facts.h"
#include "export/text_sink.h"
#include "export/word_layout.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Called with the number of codes that were written or compared since the last call; throws CancelledError to stop.
using CodesWritten = std::function<void(std::uint64_t)>;

/// SHA-256 of each array's codes (int32, source order); nullopt where a code does not fit or the sink was full before
/// the end.
using CodeHashes = std::vector<std::optional<std::string>>;

/// A file on disk and what it should hold.
struct FileToProve {
    const PlannedFile *file = nullptr;
    std::string path;
    /// Called when the proof begins with this file: "compiling", and how many of those behind it are done with it.
    std::function<void(std::string_view doing, std::size_t others)> begin = {};
};

struct FileProof {
    std::uint64_t verified = 0; ///< elements read from the file that equal the model's codes: all of them
    std::string by; ///< "gcc C99 and SystemC", "reading back"
};

/// A format of export.
struct Writer {
    std::string_view name; ///< what `--format` takes
    std::string_view extension; ///< with the dot
    std::string_view title; ///< for people, what it is for
    bool filePerLayer = false; ///< else a file for each array
    bool packs = false; ///< follows a request's Packing

    /// The words of an array in this format.
    WordLayout (*words)(const ExportArray &array, const Packing &packing) = nullptr;
    /// Writes one file. Throws ParseError naming the array and the element when a code does not fit its word or the
    /// tensor's bytes are not there.
    CodeHashes (*write)(const PlannedFile &file, const SourceFacts &source, TextSink &sink, const CodesWritten &written)
        = nullptr;
    /// Compares files of this format with the network's codes, computed afresh. `companion` is where the companion of
    /// these files is, `notes` gets what could not be tried, `step` is called often. Errors: Proof, with the reason.
    Result<std::vector<FileProof>> (*prove)(std::span<const FileToProve> files, const std::string &companion,
        std::vector<std::string> &notes, const CodesWritten &step)
        = nullptr;

    /// A file that belongs to every batch of this format; no name: none.
    std::string_view companionName;
    std::string_view (*companionText)() = nullptr;
};

/// Every format, in the order in which a layer's files are listed.
std::span<const Writer> writers();
/// Null when there is no format of that name.
const Writer *findWriter(std::string_view name);
std::vector<std::string> exportFormatNames();

} // namespace quantscope
