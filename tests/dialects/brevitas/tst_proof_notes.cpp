// The network has members named `slots`.
#include "base/sha256.h"
#include "support/state_file.h"

#include <span>

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::string kShared = entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4")
    + entry("fd", "weight", "shared_with = \"fc\"");

Network networkOf(const std::string &recipe)
{
    return recoveredNetwork({weight("fc", {4, 4}), weight("fd", {4, 4})}, recipe);
}

std::string proof(const std::string &layer, const std::string &keys)
{
    return "[[proof]]\nlayer = \"" + layer + "\"\nslot = \"weight\"\n" + keys + "\n";
}

} // namespace

/// What proofs say of quantizers that have none of their own, and of what they leave out.
class TestProofNotes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sharers_data()
    {
        QTest::addColumn<QString>("proven"); ///< the layer that has a proof
        QTest::newRow("the owner") << "fc";
        QTest::newRow("who shares it") << "fd";
    }

    /// Two layers have one quantizer object: what the live model contradicts of one is not certain of the other.
    void sharers()
    {
        QFETCH(QString, proven);
        const Network network = networkOf(kShared + proof(proven.toStdString(), "scale = [\"0x1p-3\"]"));
        for (const char *layer : {"fc", "fd"}) {
            const SlotQuantizer &slot = *network.layer(layer)->slot("weight");
            QCOMPARE(slot.proof, ProofVerdict::Differs);
            QVERIFY(slot.assumed);
            QVERIFY2(slot.proofDifference.starts_with("scale[0] is 0.14285715 here and 0.125 in the live model"),
                slot.proofDifference.c_str());
        }
        const Network agreeing = networkOf(kShared + proof(proven.toStdString(), "bit_width = 4"));
        QCOMPARE(agreeing.layer(proven.toStdString())->slot("weight")->proof, ProofVerdict::Confirmed);
        QCOMPARE(agreeing.layer(proven == "fc" ? "fd" : "fc")->slot("weight")->proof, ProofVerdict::None);
    }

    void sharersOfCodes_data() { sharers_data(); }

    /// The same where only the codes tell: what makes them is one object, and the other tensor's are not compared.
    void sharersOfCodes()
    {
        QFETCH(QString, proven);
        const std::string layer = proven.toStdString(), other = proven == "fc" ? "fd" : "fc";
        const Network network
            = networkOf(kShared + proof(layer, "bit_width = 4\ncodes_sha256_i32 = \"" + std::string(64, '0') + "\""));
        const std::string difference = "its codes are not those of the live model";
        QCOMPARE(network.layer(layer)->slot("weight")->proofDifference, difference);
        const SlotQuantizer &sharer = *network.layer(other)->slot("weight");
        QCOMPARE(sharer.proof, ProofVerdict::Differs);
        QVERIFY(sharer.assumed);
        QCOMPARE(sharer.proofDifference, "one quantizer with " + layer + " weight, which differs: " + difference);
        std::vector<std::string> said;
        for (const Diagnostic &d : network.diagnostics)
            if (d.rule == "proof-differs")
                said.push_back(d.text);
        QCOMPARE(said.size(), std::size_t{2});
    }

    /// Nor is a scale that comes from the threshold of one that is contradicted.
    void sharersOfAScale()
    {
        const std::vector<StateTensor> tensors
            = {actKey("join", "scaling_impl.value", {}, {2}), actKey("relu", "scaling_impl.value", {}, {2})};
        const std::string recipe = preset("join", "act", "Int8ActPerTensorFloat")
            + preset("relu", "act", "Uint8ActPerTensorFloat") + entry("relu", "act", "scale_shared_with = \"join\"");
        const std::string proof = "[[proof]]\nlayer = \"join\"\nslot = \"act\"\nscale = [\"";
        for (const bool contradicted : {false, true}) {
            const auto network = recovered(tensors, recipe + proof + (contradicted ? "0x1p-1\"]\n" : "0x1p-6\"]\n"));
            QVERIFY2(network, network ? "" : network.error().text().c_str());
            const SlotQuantizer &relu = *network->layer("relu")->slot("act");
            QCOMPARE(relu.quantizer->scale->values, std::vector<float>{0.015625f});
            QCOMPARE(relu.assumed, contradicted);
            QCOMPARE(network->layer("join")->slot("act")->proof,
                contradicted ? ProofVerdict::Differs : ProofVerdict::Confirmed);
        }
    }

    /// A proof of the bits alone confirms no codes, and that is said.
    void partly()
    {
        const Network network = networkOf(kShared + proof("fc", "bit_width = 4"));
        const Diagnostic *note = findRule(network, "proof-confirmed");
        QVERIFY(note != nullptr);
        QCOMPARE(note->text,
            std::string("recipe confirmed by the live model: 1 quantizer, 1 of them not in all fields and codes, which "
                        "their proofs leave out; 1 quantizer without a proof"));
    }

    /// Codes that several roundings make tell the rounding of no other tensor.
    void sharersOfAnOwnClass()
    {
        const std::vector<std::int32_t> onGrid = {4, -2, 1, 0};
        const std::string recipe = entry("fc", "weight", "own_class = \"net.Mine\"")
            + entry("fd", "weight", "shared_with = \"fc\"")
            + proof("fc",
                "bit_width = 4\nsigned = true\nscale = [\"0x1p-3\"]\nzero_point = [\"0x0p+0\"]\ncodes_sha256_i32 = \""
                    + sha256(std::as_bytes(std::span(onGrid))) + "\"");
        const auto network = recovered({{"fc.weight", {2, 2}, {0.5f, -0.25f, 0.125f, 0.0f}},
                                           {"fd.weight", {2, 2}, {0.0625f, -5.0f, 5.0f, 0.3125f}}},
            recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QVERIFY(!network->layer("fc")->slot("weight")->assumed);
        const SlotQuantizer &other = *network->layer("fd")->slot("weight");
        QVERIFY(other.quantizer && other.assumed);
        for (const char *field : {"rounding", "narrow"})
            QCOMPARE(other.quantizer->origin.at(field).origin, Origin::Assumed);
    }

    /// Nothing that a recipe says is without effect in silence.
    void keywordsOfAnOwnClass()
    {
        const Network network = networkOf(
            entry("fc", "weight", "own_class = \"net.Mine\"\nbit_width = 3") + proof("fc", "bit_width = 4"));
        const Diagnostic *idle = findRule(network, "keyword-without-effect");
        QVERIFY(idle != nullptr);
        QVERIFY2(
            idle->text.find("bit_width = 3 has no effect here: net.Mine") != std::string::npos, idle->text.c_str());
    }
};

QTEST_GUILESS_MAIN(TestProofNotes)
#include "tst_proof_notes.moc"
