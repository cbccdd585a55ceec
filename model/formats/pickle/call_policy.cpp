#include "formats/pickle/call_policy.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace quantscope {

namespace {

/// Modules of which nothing belongs into a model file.
constexpr std::string_view kModules[]
    = {"os", "posix", "nt", "pty", "subprocess", "_posixsubprocess", "sys", "shutil", "socket", "_socket", "runpy",
        "imp", "commands", "importlib", "ctypes", "_ctypes", "popen2", "webbrowser", "pickle", "_pickle", "cPickle",
        "marshal", "shelve", "pip", "pdb", "asyncio", "multiprocessing", "signal", "torch.hub", "posixpath"};

/// The same with everything below them.
constexpr std::string_view kPackages[] = {"importlib.", "ctypes.", "multiprocessing.", "asyncio.", "urllib.",
    "urllib2.", "http.", "ftplib.", "smtplib.", "xmlrpc.", "distutils.", "ensurepip.", "venv.", "lib2to3.", "idlelib.",
    "pip.", "numpy.f2py.", "numpy.testing.", "torch.utils.cpp_extension.", "torch.hub.", "httplib."};

constexpr std::string_view kFunctions[] = {"builtins.eval", "builtins.exec", "builtins.execfile", "builtins.compile",
    "builtins.open", "builtins.file", "builtins.input", "builtins.raw_input", "builtins.__import__", "builtins.apply",
    "builtins.reload", "builtins.globals", "builtins.locals", "builtins.vars", "builtins.breakpoint", "builtins.exit",
    "builtins.quit", "builtins.setattr", "builtins.delattr", "io.open", "_io.open", "io.FileIO", "_io.FileIO",
    "codecs.open", "code.interact", "code.InteractiveInterpreter", "code.InteractiveConsole", "code.compile_command",
    "codeop.compile_command", "operator.methodcaller", "types.FunctionType", "types.CodeType", "platform.popen",
    "site.main", "bdb.Bdb", "timeit.timeit", "timeit.repeat", "timeit.main", "trace.Trace", "profile.run",
    "profile.runctx", "cProfile.run", "cProfile.runctx", "doctest.debug_script", "pydoc.pipepager",
    "pydoc.tempfilepager", "dill.load", "dill.loads", "cloudpickle.load", "cloudpickle.loads", "joblib.load",
    "zipimport.zipimporter", "numpy.load", "numpy.loadtxt", "numpy.fromfile", "numpy.memmap", "torch.load",
    "torch.jit.load", "torch.serialization.load"};

template <std::size_t N> bool contains(const std::string_view (&list)[N], std::string_view wanted)
{
    return std::find(std::begin(list), std::end(list), wanted) != std::end(list);
}

} // namespace

bool isHostileCallable(std::string_view module, std::string_view attribute)
{
    if (module == "__builtin__")
        module = "builtins";
    if (contains(kModules, module))
        return true;
    constexpr std::size_t kLongest = 256; // longer than any name in the lists
    const std::string dotted
        = std::string(module.substr(0, kLongest)) + "." + std::string(attribute.substr(0, kLongest));
    const auto startsWith = [&](std::string_view package) { return dotted.starts_with(package); };
    return std::any_of(std::begin(kPackages), std::end(kPackages), startsWith) || contains(kFunctions, dotted);
}

} // namespace quantscope
