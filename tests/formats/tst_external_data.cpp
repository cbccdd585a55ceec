#include "formats/onnx/external_data.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <fstream>

using namespace quantscope;
namespace fs = std::filesystem;

namespace {

constexpr const char *kContent = "12345678";

void writeFile(const fs::path &path) { std::ofstream(path, std::ios::binary) << kContent; }

/// A model's folder and one that is none of its business, with a file each, and links between them.
class Folders {
public:
    Folders()
        : m_root(fs::path(m_directory.path().toStdString()))
    {
        fs::create_directories(m_root / "model" / "weights");
        fs::create_directories(m_root / "secret");
        writeFile(m_root / "secret" / "key.bin");
        writeFile(m_root / "model" / "w.bin");
        writeFile(m_root / "model" / "weights" / "w.bin");
        link("w.bin", "model/link_beside.bin");
        link("weights/w.bin", "model/link_below.bin");
        link("weights", "model/link_folder_inside");
        link("../w.bin", "model/weights/link_up.bin");
        link("../model/w.bin", "model/link_out_and_back.bin");
        link("../secret/key.bin", "model/link_outside.bin");
        link((m_root / "secret" / "key.bin").string(), "model/link_absolute.bin");
        link("link_outside.bin", "model/link_of_link.bin");
        link("../secret", "model/link_folder_outside");
        link("..", "model/link_parent");
        link("../../secret/key.bin", "model/weights/link_outside.bin");
        link("nothing.bin", "model/link_nothing.bin");
        link("link_circle.bin", "model/link_circle.bin");
        link("model", "model_link");
        fs::create_directories(m_root / "model_evil"); // its name begins with the folder's
        writeFile(m_root / "model_evil" / "w.bin");
        link("../model_evil/w.bin", "model/link_sibling.bin");
    }

    std::string path(const std::string &name) const { return (m_root / name).string(); }

private:
    void link(const std::string &target, const std::string &name) { fs::create_symlink(target, m_root / name); }

    QTemporaryDir m_directory;
    fs::path m_root;
};

/// "read", or why not.
std::string attach(const std::string &model, const std::string &location)
{
    onnx::ExternalData external(model);
    TensorInfo tensor;
    try {
        external.attach(tensor, {location, "2", "4"}, 4);
    } catch (const ParseError &error) {
        return error.what();
    }
    const std::vector<std::byte> bytes = tensor.storage.source->bytes(tensor.storage.offset, tensor.storage.bytes);
    const bool right = std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size()) == "3456";
    return right ? "read" : "read something else";
}

} // namespace

/// A model comes from strangers: the sentences are what a user reads when one asks for a file that is not its own.
class TestExternalData : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void locations_data()
    {
        QTest::addColumn<QString>("location");
        QTest::addColumn<QString>("expected"); // %1 is the location
        const auto row = [](const char *location, const char *expected) {
            QTest::newRow(location) << QString(location) << QString(expected);
        };
        const char *read = "read";
        const char *absolute = "external data: '%1' is an absolute path";
        const char *leaves = "external data: '%1' leaves the model's folder";
        const char *link = "external data: '%1' is a link that leaves the model's folder";
        const char *nothing = "external data: '%1' is not a file beside the model";
        row("w.bin", read);
        row("./w.bin", read);
        row("weights/w.bin", read);
        row("link_beside.bin", read);
        row("link_below.bin", read);
        row("link_folder_inside/w.bin", read);
        row("weights/link_up.bin", read);
        row("link_out_and_back.bin", read); // ends inside the folder
        row("link_outside.bin", link);
        row("link_absolute.bin", link);
        row("link_of_link.bin", link);
        row("link_folder_outside/key.bin", link);
        row("link_parent/secret/key.bin", link);
        row("weights/link_outside.bin", link);
        row("link_sibling.bin", link);
        row("link_parent/model/w.bin", read); // out and back again
        row("link_nothing.bin", nothing);
        row("link_circle.bin", nothing);
        row("weights", nothing);
        row("absent.bin", nothing);
        row("../secret/key.bin", leaves);
        row("weights/../../secret/key.bin", leaves);
        row("weights/../w.bin", leaves); // refused by its text, before the disk is asked
        row("weights\\..\\w.bin", leaves);
        row("..", leaves);
        row("/etc/hostname", absolute);
        row("\\\\server\\share", absolute);
        row("C:\\key.bin", absolute);
        row("c:key.bin", absolute);
        row("", "external data: '%1' is not a file name");
    }
    void locations()
    {
        QFETCH(QString, location);
        QFETCH(QString, expected);
        const Folders folders;
        QString sentence = expected.contains("%1") ? expected.arg(location) : expected;
        QCOMPARE(QString::fromStdString(attach(folders.path("model/m.onnx"), location.toStdString())), sentence);
    }

    /// The user chose where the model lies; only what the model says is not trusted.
    void aModelBehindALink()
    {
        const Folders folders;
        QCOMPARE(attach(folders.path("model_link/m.onnx"), "w.bin"), std::string("read"));
        QCOMPARE(attach(folders.path("model_link/m.onnx"), "link_outside.bin"),
            std::string("external data: 'link_outside.bin' is a link that leaves the model's folder"));
    }
};

QTEST_APPLESS_MAIN(TestExternalData)
#include "tst_external_data.moc"
