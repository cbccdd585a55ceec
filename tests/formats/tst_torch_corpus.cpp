#include "base/sha256.h"
#include "formats/open_model.h"
#include "support/golden.h"
#include "support/paths.h"
#include "tensor/tensor.h"

#include <QDirIterator>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace quantscope;
using nlohmann::json;

namespace {

/// The goldens were written by PyTorch itself; those of "hand" files by their generator.
QStringList goldens(const char *folder)
{
    QStringList out;
    QDirIterator it(QString::fromStdString(test::data(std::string("torch/") + folder)), {"*.golden.json"}, QDir::Files);
    while (it.hasNext())
        out << it.next();
    out.sort();
    return out;
}

json goldenOf(const QString &path) { return test::golden(path.toStdString()); }

std::shared_ptr<const ModelFile> opened(const QString &path)
{
    const auto file = openModel(path.toStdString());
    if (!file)
        qWarning("%s", file.error().text().c_str());
    return file ? *file : nullptr;
}

const TensorInfo *tensorNamed(const ModelFile &file, const std::string &name)
{
    const auto at = file.find(name);
    return at ? &file.tensors[*at] : nullptr;
}

std::vector<std::int64_t> stridesOf(const TensorInfo &tensor)
{
    return tensor.strides.empty() ? contiguousStrides(tensor.shape) : tensor.strides;
}

/// Empty when a tensor's quantization is the golden's, else what differs.
QString affineDifference(const TensorInfo &tensor, const json &quant)
{
    if (!tensor.affine)
        return "has no quantization parameters";
    std::vector<double> scales{quant.value("scale", 0.0)}, zeros;
    if (quant.contains("scales"))
        scales = quant["scales"].get<std::vector<double>>();
    if (quant.contains("zero_points"))
        zeros = quant["zero_points"].get<std::vector<double>>();
    else
        zeros = {quant.value("zero_point", 0.0)};
    if (tensor.affine->scales != scales || tensor.affine->zeroPoints != zeros)
        return "scales or zero points differ";
    if (quant.contains("axis") != tensor.affine->axis.has_value()
        || (quant.contains("axis") && quant["axis"] != *tensor.affine->axis))
        return "the axis differs";
    const bool isFloat = quant.value("scheme", "") == "per_channel_affine_float_qparams";
    return isFloat == tensor.affine->floatZeroPoint ? QString() : "the kind of zero point differs";
}

/// The goldens hash packed types as torch's int_repr() gives them, one code a byte; everything else as its bytes.
std::string goldenSha256(const TensorInfo &tensor)
{
    if (dtypeBits(tensor.dtype) >= 8)
        return tensorSha256(tensor);
    std::vector<std::byte> bytes;
    for (const std::int64_t code : readIntegers(tensor))
        bytes.push_back(static_cast<std::byte>(code));
    return sha256(bytes);
}

QString difference(const TensorInfo &tensor, const json &wanted)
{
    if (tensor.shape != wanted["shape"].get<Shape>())
        return "shape";
    if (std::string(dtypeName(tensor.dtype)) != wanted["dtype"])
        return QString("dtype %1").arg(QString::fromUtf8(dtypeName(tensor.dtype).data()));
    if (wanted.contains("stride") && stridesOf(tensor) != wanted["stride"].get<std::vector<std::int64_t>>())
        return "strides";
    if (wanted.value("meta", false))
        return tensor.readable() ? "a meta tensor is readable" : QString();
    if (!tensor.readable())
        return QString::fromStdString(tensor.problem);
    if (goldenSha256(tensor) != wanted["sha256"])
        return "sha256";
    return wanted.contains("quant") ? affineDifference(tensor, wanted["quant"]) : QString();
}

} // namespace

class TestTorchCorpus : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void good_data()
    {
        QTest::addColumn<QString>("path");
        for (const char *folder : {"zip", "ts", "qsd", "llm", "legacy", "np", "st", "st/sharded", "st/shard_pt"})
            for (const QString &path : goldens(folder))
                QTest::newRow(qPrintable(path.section('/', -2))) << path;
    }

    void good()
    {
        QFETCH(QString, path);
        const json golden = goldenOf(path);
        QCOMPARE(golden["expect"].get<std::string>(), std::string("ok"));
        const auto file = opened(path.chopped(12));
        QVERIFY(file);
        std::size_t expected = 0;
        for (const json &wanted : golden["tensors"]) {
            const std::string name = wanted["name"];
            const auto check = [&](const std::string &full, const json &one) {
                const TensorInfo *tensor = tensorNamed(*file, full);
                QVERIFY2(tensor, full.c_str());
                const QString why = difference(*tensor, one);
                QVERIFY2(why.isEmpty(), qPrintable(QString::fromStdString(full) + ": " + why));
                ++expected;
            };
            if (!wanted.contains("parts"))
                check(name, wanted);
            else
                for (const auto &[part, one] : wanted["parts"].items())
                    check(name + "." + part, one);
        }
        if (!golden.contains("also_allowed") && !golden.contains("check") && golden["kind"] != "torchscript"
            && expected > 0)
            QCOMPARE(file->tensors.size(), expected);
        checkLayers(*file, golden);
        checkSharing(*file, golden);
    }

    void constantsOfFrozenArchives()
    {
        const auto file = opened(QString::fromStdString(test::data("torch/ts/frozen.pt")));
        QVERIFY(file);
        QCOMPARE(file->format, std::string("torchscript"));
        QVERIFY(file->graph && !file->graph->nodes.empty());
        std::set<std::string> found;
        for (const TensorInfo &tensor : file->tensors) {
            QVERIFY(tensor.name.starts_with("CONSTANTS.c"));
            found.insert(tensorSha256(tensor));
        }
        const json golden = test::golden(test::data("torch/ts/frozen.pt.golden.json"));
        for (const json &wanted : golden["constants_sha256"])
            QVERIFY(found.contains(wanted));
    }

    void bad_data()
    {
        QTest::addColumn<QString>("path");
        for (const QString &path : goldens("bad"))
            QTest::newRow(qPrintable(path.section('/', -1).chopped(12))) << path;
    }

    void bad()
    {
        QFETCH(QString, path);
        const json golden = goldenOf(path);
        const auto file = openModel(path.chopped(12).toStdString());
        if (golden["expect"] == "error")
            QVERIFY2(!file, "it must be refused");
        if (!file) {
            QVERIFY(file.error().kind == ErrorKind::Parse);
            QVERIFY2(file.error().message.size() > 7, file.error().message.c_str());
            QVERIFY2(file.error().message.find('\n') == std::string::npos, "an error is one sentence");
            return;
        }
        for (const TensorInfo &tensor : (*file)->tensors)
            if (tensor.readable() && tensor.count() > 0) {
                std::vector<std::uint64_t> first(1);
                TensorReader(tensor).patterns(0, first);
            }
    }

    void reasons_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("part");
        const std::pair<const char *, const char *> rows[] = {{"m_os_system.pt", "posix.system"},
            {"m_hidden.pt", "os.system"}, {"m_stack_global.pt", "os.system"}, {"m_getattr.pt", "builtins.getattr"},
            {"m_nested_load.pt", "torch.storage._load_from_bytes"}, {"t_shape_big.pt", "'w'"},
            {"t_offset_neg.pt", "'w'"}, {"t_stride_wrap.pt", "'w'"}, {"empty.pt", "is empty"}, {"text.pt", "text file"},
            {"zip_crc.pt", "CRC"}, {"zip_encrypted.pt", "encrypted"}, {"zip_method.pt", "method 93"},
            {"zip_dup_records.pt", "twice"}, {"zip_trunc_50.pt", "cut off"}, {"zip_missing_storage.pt", "missing"},
            {"zip_short_storage.pt", "2400 bytes"}, {"ts_syntax.pt", "line 15"},
            {"ts_deep_expr.pt", "nested more than 200"}, {"ts_no_code.pt", "holds no code"},
            {"ts_const_missing.pt", "constant 9999"}, {"zip_byteorder_middle.pt", "middle"}, {"q_axis.pt", "axis 7"},
            {"st_short.safetensors", "ends at byte 256"}, {"st_overlap.safetensors", "tensor 'b' overlaps"},
            {"st_hole.safetensors", "16 bytes before tensor 'b'"}, {"st_dup.safetensors", "'a' is there twice"},
            {"st_nul.safetensors", "no valid JSON"}, {"st_shape_wrap.safetensors", "shape of tensor 'a'"},
            {"st_hdr_wrap.safetensors", "18446744073709551608"},
            {"st_index_escape.safetensors.index.json", "no plain name of a file beside it"},
            {"st_index_missing.safetensors.index.json", "'nope.safetensors' cannot be opened"},
            {"legacy_trunc_60.pth", "cut off"}, {"legacy_missing_key.pth", "storage '77' is missing"},
            {"legacy_proto.pth", "protocol"}, {"tar_ndim.pth", "2147483647 axes"},
            {"tar_no_storages.pth", "'storages'"}, {"tar_checksum.pth", "checksum"}, {"np_short.npy", "320 bytes"},
            {"np_object.npy", "pickle"}, {"np_code.npy", "'{'"}, {"np_structured.npy", "records"}};
        for (const auto &[name, part] : rows)
            QTest::newRow(name) << name << part;
    }

    void reasons()
    {
        QFETCH(QString, name);
        QFETCH(QString, part);
        const auto file = openModel(test::data("torch/bad/" + name.toStdString()));
        QVERIFY(!file);
        QVERIFY2(file.error().message.find(part.toStdString()) != std::string::npos, file.error().message.c_str());
    }

    /// One element that strides repeat 2^40 times: it is listed and never read.
    void expandedIsListed()
    {
        const auto file = opened(QString::fromStdString(test::data("torch/bad/t_expand_huge.pt")));
        QCOMPARE(file->tensors.size(), std::size_t(1));
        QCOMPARE(file->tensors[0].count(), std::uint64_t(1) << 40);
        QVERIFY(!file->tensors[0].readable());
        QVERIFY(file->tensors[0].problem.find("1,099,511,627,776") != std::string::npos);
    }

    void stateDictRoots_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("root");
        QTest::newRow("nested") << "torch/zip/checkpoint_nested.pt"
                                << "model.";
        QTest::newRow("plain") << "torch/zip/state_dict.pt"
                               << "";
        QTest::newRow("data parallel") << "torch/zip/dataparallel.pt"
                                       << "";
        QTest::newRow("brevitas checkpoint") << "brevitas/0.10.2/mlp_mixed.checkpoint.pt"
                                             << "state_dict.";
    }

    void stateDictRoots()
    {
        QFETCH(QString, name);
        QFETCH(QString, root);
        const auto file = opened(QString::fromStdString(test::data(name.toStdString())));
        QVERIFY(file);
        QCOMPARE(QString::fromStdString(file->metadata.at("state_dict_root")), root);
    }

    void scalarsBecomeMetadata()
    {
        const auto file = opened(QString::fromStdString(test::data("torch/zip/checkpoint_nested.pt")));
        QVERIFY(file);
        const json golden = test::golden(test::data("torch/zip/checkpoint_nested.pt.golden.json"));
        QCOMPARE(file->metadata.at("epoch"), std::to_string(golden["scalars"]["epoch"].get<int>()));
        QCOMPARE(file->metadata.at("args.arch"), golden["scalars"]["args.arch"].get<std::string>());
    }

    void sparseTensorsAreSaid()
    {
        const auto file = opened(QString::fromStdString(test::data("torch/zip/sparse.pt")));
        QVERIFY(file);
        QStringList texts;
        for (const Diagnostic &d : file->diagnostics)
            texts << QString::fromStdString(d.rule + ": " + d.text);
        const QString end = " are listed as they are stored, and it is in no layer; to_dense() before torch.save would "
                            "show it";
        QCOMPARE(texts,
            QStringList({"sparse-tensor: tensor 'coo' is sparse: its indices, values" + end,
                "sparse-tensor: tensor 'csr' is sparse: its crow_indices, col_indices, values" + end}));
    }

    void unknownClassesAreListed()
    {
        const auto file = opened(QString::fromStdString(test::data("torch/zip/odd_objects.pt")));
        QVERIFY(file);
        for (const char *wanted : {"cfg: __main__.Config", "red: __main__.WithReduce", "color: builtins.getattr"})
            QVERIFY2(std::find(file->opaque.begin(), file->opaque.end(), wanted) != file->opaque.end(), wanted);
        // What its golden leaves open: the tensor under a key that is a tuple, and NumPy's array.
        QStringList names;
        for (const TensorInfo &tensor : file->tensors)
            names << QString::fromStdString(tensor.name);
        QCOMPARE(names, (QStringList{"np", "w", "5", "(1, k)"}));
        QCOMPARE(readFloats(file->tensors.front()), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    }

    /// Brevitas' own list of keys, for every version and every state_dict of the corpus.
    void brevitasStateDicts_data()
    {
        QTest::addColumn<QString>("path");
        QDirIterator it(
            QString::fromStdString(test::data("brevitas")), {"*.json"}, QDir::Files, QDirIterator::Subdirectories);
        while (it.hasNext()) {
            const QString path = it.next();
            if (!path.endsWith("MANIFEST.json"))
                QTest::newRow(qPrintable(path.section('/', -2))) << path;
        }
    }

    void brevitasStateDicts()
    {
        QFETCH(QString, path);
        const json golden = goldenOf(path);
        QVERIFY(golden.contains("state_dict_keys") && golden["files"].contains("state_dict"));
        const std::string name = golden["files"]["state_dict"];
        const auto file = opened(path.section('/', 0, -2) + "/" + QString::fromStdString(name));
        QVERIFY(file);
        std::size_t tensors = 0;
        for (const auto &[key, wanted] : golden["state_dict_keys"].items()) {
            const TensorInfo *tensor = tensorNamed(*file, key);
            if (!wanted.contains("shape"))
                continue;
            QVERIFY2(tensor, key.c_str());
            QCOMPARE(tensor->shape, wanted["shape"].get<Shape>());
            QCOMPARE(std::string(dtypeName(tensor->dtype)), wanted["dtype"].get<std::string>());
            ++tensors;
        }
        QCOMPARE(file->tensors.size(), tensors);
    }

private:
    /// Files whose golden lists layers instead of names: each weight and bias is somewhere, with its parameters.
    void checkLayers(const ModelFile &file, const json &golden)
    {
        if (!golden["tensors"].empty())
            return;
        for (const json &layer : golden.value("layers", json::array()))
            for (const char *slot : {"weight", "bias"}) {
                const json record = layer.value(slot, json());
                if (!record.is_object() || !record.contains("sha256") || !record.contains("stride"))
                    continue;
                const auto matches = [&](const TensorInfo &t) { return difference(t, record).isEmpty(); };
                QVERIFY2(std::any_of(file.tensors.begin(), file.tensors.end(), matches),
                    (layer["name"].get<std::string>() + "." + slot).c_str());
            }
    }

    void checkSharing(const ModelFile &file, const json &golden)
    {
        std::map<std::string, std::size_t> groupOf;
        std::map<std::size_t, std::uint64_t> idOf;
        const json groups = golden.value("shared_storage", json::array());
        for (std::size_t g = 0; g < groups.size(); ++g)
            for (const json &name : groups[g]) {
                const TensorInfo *tensor = tensorNamed(file, name);
                QVERIFY(tensor && tensor->storage.id != 0);
                QCOMPARE(tensor->storage.id, idOf.try_emplace(g, tensor->storage.id).first->second);
            }
        std::set<std::uint64_t> different;
        for (const auto &[group, id] : idOf)
            different.insert(id);
        QCOMPARE(different.size(), idOf.size());
    }
};

QTEST_APPLESS_MAIN(TestTorchCorpus)
#include "tst_torch_corpus.moc"
