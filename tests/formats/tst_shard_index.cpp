#include "formats/open_model.h"
#include "graph/tensor_files.h"
#include "support/paths.h"
#include "tensor/tensor.h"

#include <QDir>
#include <QTemporaryDir>

#include <cstring>

using namespace quantscope;

namespace {

/// A safetensors file of float32 tensors of two elements, all the same number.
QByteArray safetensors(const QStringList &names, float value)
{
    QByteArray header = "{", data;
    for (const QString &name : names) {
        header += (header.size() > 1 ? ",\"" : "\"") + name.toUtf8() + "\":{\"dtype\":\"F32\",\"shape\":[2],"
            + "\"data_offsets\":[" + QByteArray::number(data.size()) + "," + QByteArray::number(data.size() + 8) + "]}";
        for (int i = 0; i < 2; ++i)
            data.append(reinterpret_cast<const char *>(&value), sizeof value);
    }
    header += "}";
    QByteArray out(8, '\0');
    const auto length = static_cast<std::uint64_t>(header.size());
    std::memcpy(out.data(), &length, sizeof length);
    return out + header + data;
}

class Folder {
public:
    void write(const QString &name, const QByteArray &content) const
    {
        QFile file(m_folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }
    auto open(const QByteArray &map, const QByteArray &more = "") const
    {
        write("model.safetensors.index.json",
            "{\"metadata\": {\"total_size\": 16, \"x\": [1, null, {\"y\": -1.5}]}" + more + ", \"weight_map\": " + map
                + "}");
        return openModel(m_folder.filePath("model.safetensors.index.json").toStdString());
    }
    QString path(const QString &name) const { return m_folder.filePath(name); }

private:
    QTemporaryDir m_folder;
};

QString errorOf(const Result<std::shared_ptr<const ModelFile>> &file)
{
    return file ? QString() : QString::fromStdString(file.error().message);
}

} // namespace

class TestShardIndex : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void tensorsOfAllFiles()
    {
        const Folder folder;
        folder.write("b.safetensors", safetensors({"z", "y"}, 2));
        folder.write("a.safetensors", safetensors({"x"}, 1));
        const auto file = folder.open(R"({"z": "b.safetensors", "x": "a.safetensors", "y": "b.safetensors"})");
        QVERIFY2(file, qPrintable(errorOf(file)));
        QStringList names;
        for (const TensorInfo &tensor : (*file)->tensors)
            names << QString::fromStdString(tensor.name);
        QCOMPARE(names, QStringList({"x", "z", "y"}));
        QCOMPARE(readFloats((*file)->tensors[1]), std::vector<float>({2, 2}));
        QCOMPARE((*file)->format, std::string("safetensors"));
        qint64 bytes = 0;
        for (const char *name : {"a.safetensors", "b.safetensors", "model.safetensors.index.json"})
            bytes += QFileInfo(folder.path(name)).size();
        QCOMPARE((*file)->bytes, static_cast<std::uint64_t>(bytes));
        QCOMPARE(tensorFiles(**file),
            (std::vector<std::string>{
                folder.path("a.safetensors").toStdString(), folder.path("b.safetensors").toStdString()}));
    }

    /// Caches of downloads link to what they share.
    void linksBesideTheIndex()
    {
        const Folder folder, elsewhere;
        elsewhere.write("blob", safetensors({"x"}, 1));
        QVERIFY(QFile::link(elsewhere.path("blob"), folder.path("a.safetensors")));
        const auto file = folder.open(R"({"x": "a.safetensors"})");
        QVERIFY2(file, qPrintable(errorOf(file)));
        QCOMPARE(readFloats((*file)->tensors[0]), std::vector<float>({1, 1}));
    }

    void refusals_data()
    {
        QTest::addColumn<QByteArray>("map");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const char *map, const char *text) {
            QTest::newRow(name) << QByteArray(map) << QString(text);
        };
        row("above", R"({"x": "../a.safetensors"})",
            "names the file '../a.safetensors', which is no plain name of a file beside it");
        row("absolute", R"({"x": "/etc/passwd"})",
            "names the file '/etc/passwd', which is no plain name of a file beside it");
        row("of another system", R"({"x": "..\\a"})",
            "names the file '..\\a', which is no plain name of a file beside it");
        row("the folder", R"({"x": ".."})", "names the file '..', which is no plain name of a file beside it");
        row("nothing", R"({"x": ""})", "names the file '', which is no plain name of a file beside it");
        row("cut by NUL", R"({"x": "a.safetensors\u0000.txt"})",
            "names the file 'a.safetensors\\x00.txt', which is no plain name of a file beside it");
        row("absent", R"({"x": "no.safetensors"})",
            "its file 'no.safetensors' cannot be opened: No such file or directory");
        row("itself", R"({"x": "model.safetensors.index.json"})",
            "its file 'model.safetensors.index.json' is neither a safetensors file nor a checkpoint of PyTorch");
        row("not in its file", R"({"x": "a.safetensors", "w": "a.safetensors", "v": "a.safetensors"})",
            "says that tensor 'v' is in 'a.safetensors', which has none of that name");
        row("twice", R"({"x": "a.safetensors", "x": "a.safetensors"})", "its weight_map has the tensor 'x' twice");
        row("a number", R"({"x": 1})", "its weight_map is no object of names of files");
        row("deeper", R"({"x": {"y": "a.safetensors"}})", "its weight_map is no object of names of files");
        row("a list", R"(["a.safetensors"])", "its weight_map is no object of names of files");
        row("empty", "{}", "is a JSON text without a weight_map, so it is no index of a model in several files");
        row("nested", "[[[[[[[[[[[[1]]]]]]]]]]]]", "its weight_map is no object of names of files");
        row("no JSON", "{\"x\": \"a.safetensors\",}", "the index is no valid JSON");
    }

    void refusals()
    {
        QFETCH(QByteArray, map);
        QFETCH(QString, text);
        const Folder folder;
        folder.write("a.safetensors", safetensors({"x"}, 1));
        QCOMPARE(errorOf(folder.open(map)), text);
    }

    void deepMetadata()
    {
        const Folder folder;
        folder.write("a.safetensors", safetensors({"x"}, 1));
        const QByteArray deep = ", \"d\": " + QByteArray(100'000, '[') + QByteArray(100'000, ']');
        QCOMPARE(
            errorOf(folder.open(R"({"x": "a.safetensors"})", deep)), QString("the index is nested more than 8 deep"));
    }

    /// What the index does not name is there all the same; of two that it names one of, that one is taken.
    void strangers()
    {
        const Folder folder;
        folder.write("a.safetensors", safetensors({"x", "extra"}, 1));
        folder.write("b.safetensors", safetensors({"x", "y"}, 2));
        const auto file = folder.open(R"({"x": "a.safetensors", "y": "b.safetensors"})");
        QVERIFY2(file, qPrintable(errorOf(file)));
        QCOMPARE((*file)->tensors.size(), std::size_t(3));
        QCOMPARE(readFloats((*file)->tensors[*(*file)->find("x")]), std::vector<float>({1, 1}));
        QStringList texts;
        for (const Diagnostic &d : (*file)->diagnostics)
            texts << QString::fromStdString(d.text);
        QCOMPARE(texts,
            QStringList({"1 tensor of a.safetensors is not there by the index",
                "1 tensor of b.safetensors is not there by the index"}));
    }

    /// More files than a process may hold open.
    void manyFiles()
    {
        const Folder folder;
        QByteArray map = "{";
        for (int i = 0; i < 1500; ++i) {
            const QString name = QString("model-%1.safetensors").arg(i);
            folder.write(name, safetensors({QString("t%1").arg(i)}, static_cast<float>(i)));
            map += (i > 0 ? ",\"t" : "\"t") + QByteArray::number(i) + "\":\"" + name.toUtf8() + "\"";
        }
        const auto file = folder.open(map + "}");
        QVERIFY2(file, qPrintable(errorOf(file)));
        for (const int i : {0, 700, 1499})
            QCOMPARE(readFloats((*file)->tensors[*(*file)->find("t" + std::to_string(i))])[0], static_cast<float>(i));
    }

    void aFileThatChanged_data()
    {
        QTest::addColumn<bool>("sameSize");
        QTest::newRow("longer") << false;
        QTest::newRow("another file of the same size") << true;
    }

    void aFileThatChanged()
    {
        QFETCH(bool, sameSize);
        const Folder folder;
        folder.write("a.safetensors", safetensors({"x"}, 1));
        for (int i = 0; i < 40; ++i)
            folder.write(QString("b%1.safetensors").arg(i), safetensors({QString("b%1").arg(i)}, 1));
        QByteArray map = R"({"x": "a.safetensors")";
        for (int i = 0; i < 40; ++i)
            map += QString(R"(, "b%1": "b%1.safetensors")").arg(i).toUtf8();
        const auto file = folder.open(map + "}");
        QVERIFY2(file, qPrintable(errorOf(file)));
        folder.write("new", safetensors(sameSize ? QStringList{"x"} : QStringList{"x", "y"}, 3));
        QVERIFY(QFile::remove(folder.path("a.safetensors"))
            && QFile::rename(folder.path("new"), folder.path("a.safetensors")));
        QVERIFY_EXCEPTION_THROWN(readFloats((*file)->tensors[*(*file)->find("x")]), ParseError);
    }
};

QTEST_APPLESS_MAIN(TestShardIndex)
#include "tst_shard_index.moc"
