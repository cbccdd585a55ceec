// Writes manual pages and shell completions while the programs are built, so that they cannot say anything else than
// the programs do: quantscope-describe FOLDER [HELP], where HELP is the file with what quantscope-gui --help prints.

#include "cli/command_line.h"
#include "description/completions.h"
#include "description/man_page.h"
#include "description/usage_text.h"

#include <cstdio>
#include <fstream>
#include <iterator>

using namespace quantscope;

namespace {

void write(const std::string &path, const std::string &text)
{
    std::ofstream file(path, std::ios::binary);
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file << text;
    file.close();
}

void writeAll(const std::string &folder, const ProgramDescription &program)
{
    write(folder + "/" + program.name + ".1", manPage(program));
    write(folder + "/" + program.name + ".bash", bashCompletion(program));
    write(folder + "/_" + program.name, zshCompletion(program));
    write(folder + "/" + program.name + ".fish", fishCompletion(program));
}

ProgramDescription describeWindow(const std::string &helpFile)
{
    std::ifstream file(helpFile, std::ios::binary);
    ProgramDescription program
        = describeUsage(std::string(std::istreambuf_iterator<char>(file), {}), QUANTSCOPE_VERSION);
    program.summary = "window of the inspector for quantized neural networks on hardware";
    return program;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        std::fputs("usage: quantscope-describe FOLDER [HELP]\n", stderr);
        return 2;
    }
    try {
        writeAll(argv[1], cli::describeCommandLine());
        if (argc == 3)
            writeAll(argv[1], describeWindow(argv[2]));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "quantscope-describe: %s\n", error.what());
        return 3;
    }
    return 0;
}
