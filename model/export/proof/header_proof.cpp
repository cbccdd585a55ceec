#include "export/proof/header_proof.h"

#include "base/process.h"
#include "base/text.h"
#include "export/proof/compilers.h"
#include "export/proof/guarded_proof.h"
#include "export/proof/proof_compare.h"
#include "export/proof/proof_program.h"
#include "export/writers/fixed_helper.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// One program compiles this many elements at most: a compiler needs about 100 bytes of memory for each.
constexpr std::uint64_t kElementsAtOnce = 1 << 20;
/// sc_fixed needs about a microsecond and 48 bytes for each element.
constexpr std::uint64_t kSystemCElements = 1 << 22;
constexpr const char *kWarnings[] = {"-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"};

/// A minute, and for large headers as much again for every two million elements: compilers take about 1 s a million.
std::chrono::seconds timeFor(std::uint64_t elements) { return std::chrono::seconds(60 + elements / 32768); }

/// The line that says what is wrong, without the temporary folder's name.
std::string firstComplaint(const std::string &output, const std::string &folder)
{
    std::istringstream lines(output);
    std::string first;
    for (std::string line; std::getline(lines, line);) {
        for (std::size_t at; (at = line.find(folder + "/")) != std::string::npos;)
            line.erase(at, folder.size() + 1);
        if (line.find("error") != std::string::npos)
            return printable(line);
        if (first.empty())
            first = line;
    }
    return first.empty() ? "it says nothing" : printable(first);
}

/// The proof of some headers that are compiled together.
class Prover {
public:
    Prover(std::span<const FileToProve> headers, const std::string &helperPath, TemporaryFolder folder,
        std::vector<std::string> &notes, const CodesWritten &step)
        : m_headers(headers)
        , m_helper(helperPath)
        , m_folder(std::move(folder))
        , m_notes(notes)
        , m_step(step)
        , m_progress([&](std::uint64_t, std::uint64_t) {
            if (m_step)
                m_step(0);
            return true;
        })
    {
        for (const FileToProve &h : headers)
            m_elements += h.file->count();
    }

    /// Throws ProofError.
    void run()
    {
        const auto cc = findCCompiler();
        if (!cc)
            throw ProofError("no C compiler was found (CC, cc, gcc, clang): install one, or export without the proof");
        linkFiles();
        tellCompiling();
        proveC(*cc);
        const auto cxx = findCxxCompiler();
        tellCompiling();
        if (cxx)
            checkCxx(*cxx);
        m_bySystemC = cxx && hasSystemC() && proveSystemC(*cxx);
        m_by = cc->name + " C99";
    }
    std::string provenBy(const PlannedFile &header) const
    {
        const bool hasView = std::any_of(
            header.arrays.begin(), header.arrays.end(), [](const ExportArray &a) { return a.fixed.has_value(); });
        return m_bySystemC && hasView ? m_by + " and SystemC" : m_by;
    }

private:
    void tellCompiling() const
    {
        if (m_headers.front().begin)
            m_headers.front().begin("compiling", m_headers.size() - 1);
    }
    /// Under their final names, so that they find each other and nothing older does.
    void linkFiles()
    {
        for (const FileToProve &h : m_headers)
            std::filesystem::create_symlink(std::filesystem::absolute(h.path), m_folder.file(h.file->name));
        std::filesystem::create_symlink(
            std::filesystem::absolute(m_helper), m_folder.file(std::string(kFixedHelperName)));
    }
    std::string writeSource(const std::string &name, const std::string &text)
    {
        const std::string path = m_folder.file(name);
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    ProcessResult compile(const Compiler &compiler, const std::vector<std::string> &arguments)
    {
        std::vector<std::string> command = compiler.command;
        command.insert(command.end(), arguments.begin(), arguments.end());
        return runProcess(command, m_folder, timeFor(m_elements), m_progress);
    }
    void require(const ProcessResult &result, const std::string &what)
    {
        if (result.timedOut)
            throw ProofError(fmt::format("{} was ended after {} seconds", what, timeFor(m_elements).count()));
        if (!result.started)
            throw ProofError(what + " failed: the program could not be started");
        if (!result.ok())
            throw ProofError(fmt::format("{} failed: {}", what, firstComplaint(result.output, m_folder.path())));
    }
    void proveC(const Compiler &cc)
    {
        const std::string source = writeSource("proof.c", proofProgramC(m_headers)), program = m_folder.file("proof");
        std::vector<std::string> arguments = {"-std=c99", "-O0"};
        arguments.insert(arguments.end(), std::begin(kWarnings), std::end(kWarnings));
        arguments.insert(arguments.end(), {source, "-o", program});
        require(compile(cc, arguments), "compiling it as C99 with " + cc.name);
        const std::string output = m_folder.file("raw.bin");
        require(
            runProcess({program, output}, m_folder, timeFor(m_elements), m_progress), "running the compiled header");
        compareRaw(m_headers, output, m_step);
    }
    void checkCxx(const Compiler &cxx)
    {
        std::vector<std::string> arguments = {"-std=c++11", "-fsyntax-only"};
        arguments.insert(arguments.end(), std::begin(kWarnings), std::end(kWarnings));
        arguments.push_back(writeSource("proof11.cpp", proofProgramCxx(m_headers)));
        require(compile(cxx, arguments), "compiling it as C++11 with " + cxx.name);
    }
    /// False when SystemC could not say anything.
    bool proveSystemC(const Compiler &cxx)
    {
        const std::string text = proofProgramSystemC(m_headers);
        if (text.empty())
            return false;
        if (m_elements > kSystemCElements) {
            m_notes.push_back(
                fmt::format("the SystemC view was not tried: it has more than {} elements", grouped(kSystemCElements)));
            return false;
        }
        const std::string object = m_folder.file("proofsc.o"), program = m_folder.file("proofsc"),
                          output = m_folder.file("systemc.bin");
        // Debian builds SystemC as C++17, and it links with nothing else.
        require(compile(cxx, {"-std=c++17", "-O1", "-c", writeSource("proofsc.cpp", text), "-o", object}),
            "compiling the SystemC view");
        if (!compile(cxx, {object, "-o", program, "-lsystemc", "-pthread"}).ok()) {
            m_notes.push_back("the SystemC view compiles, and was not run: SystemC does not link with " + cxx.name);
            return false;
        }
        require(runProcess({program, output}, m_folder, timeFor(m_elements), m_progress), "running the SystemC view");
        compareSystemC(m_headers, output, {});
        return true;
    }

    std::span<const FileToProve> m_headers;
    const std::string &m_helper;
    TemporaryFolder m_folder;
    std::vector<std::string> &m_notes;
    const CodesWritten &m_step;
    Progress m_progress;
    std::uint64_t m_elements = 0;
    std::string m_by;
    bool m_bySystemC = false;
};

/// How many headers from the front are compiled together.
std::size_t groupSize(std::span<const FileToProve> headers)
{
    std::uint64_t elements = 0;
    std::size_t count = 0;
    while (count < headers.size() && (count == 0 || elements + headers[count].file->count() <= kElementsAtOnce))
        elements += headers[count++].file->count();
    return count;
}

} // namespace

Result<std::vector<FileProof>> proveHeaders(std::span<const FileToProve> headers, const std::string &companion,
    std::vector<std::string> &notes, const CodesWritten &step)
{
    return guardedProof([&] {
        std::vector<FileProof> proofs;
        while (!headers.empty()) {
            const auto group = headers.first(groupSize(headers));
            auto folder = TemporaryFolder::make();
            if (!folder)
                throw ProofError(folder.error().text());
            Prover prover(group, companion, std::move(*folder), notes, step);
            prover.run();
            for (const FileToProve &h : group)
                proofs.push_back({h.file->count(), prover.provenBy(*h.file)});
            headers = headers.subspan(group.size());
        }
        return proofs;
    });
}

} // namespace quantscope
