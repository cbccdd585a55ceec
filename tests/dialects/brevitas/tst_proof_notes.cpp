// The network has members named `slots`.
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::string kShared = entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 4")
    + entry("fd", "weight", "shared_with = \"fc\"");

Network networkOf(const std::string &recipe)
{
    auto network = recovered({weight("fc", {4, 4}), weight("fd", {4, 4})}, recipe);
    if (network)
        return std::move(*network);
    qWarning("%s", network.error().text().c_str());
    return {};
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
