using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Fuzz.Codec;

/// <summary>Payloads to start from: speech of the audio fixture, encoded; small enough to read.</summary>
internal static class CodecSeeds
{
    public static readonly (string Name, PayloadFormat Format, string? Fmtp, byte[][] Payloads)[] All =
    [
        ("G.711", PayloadFormat.Of("PCMU", 8000), null, [[0xFF, 0x7F, 0x12, 0x34], [0x00]]),
        ("L16, stereo", PayloadFormat.Of("L16", 16000, 2), null, [[0x12, 0x34, 0x56, 0x78, 0x80, 0x00, 0x7F, 0xFF]]),
        ("DVI4", PayloadFormat.Of("DVI4", 8000), null, [[0x01, 0x02, 0x20, 0x00, 0x7F, 0xF7, 0x80, 0x3C, 0xC3], [0x80, 0x00, 0x58, 0x00, 0xFF, 0xFF, 0x77]]),
        ("CN", PayloadFormat.Of("CN", 8000), null, [[0x28], [0x20, 0x40, 0x90, 0x7F]]),
        (
            "G.722",
            PayloadFormat.Of("G722", 8000),
            null,
            [
                Convert.FromHexString("F0B9F4D03A3E4B7ED65AD9DE79D97674FFF6FCF71E57365B5778997C9EF170BFEAF1F771FA33D37F"),
                Convert.FromHexString("798FDDDAD4D8DC79D9FF719E3479FFFCDC7AD6D53E96F7DEFF6CB76DEABB719FEDDED978D2D1FA94"),
                Convert.FromHexString("79BAFBFFFEFD7FFBF9FBFBFC7AFD79B8BBBD79DF7F7A5C75963BFD5BDB75B9DB75FBBEDC3DDBF39B"),
            ]),
        (
            "G.726 24",
            PayloadFormat.Of("G726-24", 8000),
            null,
            [
                Convert.FromHexString("F3F324BE53A7AE4FDF8DFFE7FB93477B14677FF2FCD6BF4B5964857253DB"),
                Convert.FromHexString("76FA34776EE58B24658E18FBB56DA7B9F35BBE2C45D297AE16EFDA775CF9"),
                Convert.FromHexString("6E53FFB1DB3B89DF3A97E5BFCA5665B199FACEDBFA4962DB4F1EE78DA4E7"),
            ]),
        (
            "G.726 32, AAL2",
            PayloadFormat.Of("AAL2-G726-32", 8000),
            null,
            [
                Convert.FromHexString("3D1113F3DEE2AD2BEAEF8FFED1E1EF1F4F122F136F152D27FF31F12DE5E16E543526D3382DD1CEEE"),
                Convert.FromHexString("ED1DF2C2FD3FD41161453526C3682CC2BEDEDE2B2FD2E1D3D15C441434F52A7BD381EDEEFD1FC3D1"),
                Convert.FromHexString("DEA1CEEF3DBAAFE413FCCAF124E3D1FA5274C4F71DEAFDC1D3EBB9FF2431CFAD223F3D11B2355C4E"),
            ]),
        (
            "GSM",
            PayloadFormat.Of("GSM", 8000),
            null,
            [
                Convert.FromHexString(
                    "D5E0B9D3E2C6E3E84474C5CD8242B89B93D6C2C64344E5D6B0A1CCC32BAE884096D899A997A3CFA4BBA888A5CF81E8C9044E1D2E7F09545A6A79B981" +
                    "4A3AD137C2A6"),
                Convert.FromHexString(
                    "D858746BEA914A391ECC8A9C894BABE6690AD689EBAD14159967CB4C44444BC9DCD7D8652FD187490A4E6BBA1ECAC9A79CB609158509464DF614E2CE" +
                    "8875A288C8A2"),
                Convert.FromHexString(
                    "D6229A57D2CEA856E391C5E8E4250C8DADB925CAA5795108C8E46904492FB114DAD5196C6FC0CAA2692492FECACCA1382755AA6FCCE197652B290FD3" +
                    "62AED3556321"),
            ]),
        (
            "G.729",
            PayloadFormat.Of("G729", 8000),
            null,
            [
                Convert.FromHexString("229359805C58F2313BC8085F5B7AE2C848CB8ADB"),
                Convert.FromHexString("0508199B28DF7214621A22E01BBB4AE25E71AE54"),
                Convert.FromHexString("006ACD59AD5C326FFD38E8568D89E5C152185D7E5A3C"),
            ]),
        (
            "Speex 8",
            PayloadFormat.Of("speex", 8000),
            null,
            [
                Convert.FromHexString("265DA0EB5AE3C4608E74BF9CC0225AB497C929415DEB57E7151AACF7"),
                Convert.FromHexString("265DA0E4BF15B5798A04A7109C7CB574AB23D23BB636204AB5564F37"),
                Convert.FromHexString("234293429AF5676482F297F441789E528AD33C757FDB8FFCBDDFD137"),
            ]),
        (
            "Speex 16",
            PayloadFormat.Of("speex", 16000),
            null,
            [
                Convert.FromHexString("2E5D9082F04BCAFF0CC99BA4FADADD0DC75D74F2EFD2AFA12471445A17C935CBA08834B4B81ABE90A2ED60CDAD00B5AD60B42D67"),
                Convert.FromHexString("2E5D90806F4BCA950700041FE9244F9E2E42DB0F61D28782835B4AD9F659BF35D01B9603D65ABD60B5AD60B5AD60B5AD60B5AD67"),
                Convert.FromHexString("2B56A04DF6290A645C3ADB6931942CD82F41C05226CA179045FF1FF0C36535BEADBD6ACC7E7A56C0CDAD90B5AD6075AD80B5AC87"),
            ]),
        (
            "Speex 32",
            PayloadFormat.Of("speex", 32000),
            null,
            [
                Convert.FromHexString("2E5DB082F0482A2A5FCCFF7BCA5ADD02035B4EB02B124E9268DADC430CE95C42AC6C2F20BF4A5710ED0A80B42D6085AD60B5A1693B6218C7"),
                Convert.FromHexString("2E5D90806F4A16FDCC23AE17F0A46F435A1FEBE17592AF9F42D1AA124E027A325FA995B6A87ABC50B5AD60CDAD60B5AD60CE6D693B649907"),
                Convert.FromHexString("2B56A04DF5290A9B5D78106C979479558B322D4B0E4A4282428916CF1EC51BCAB3EDDD49183A56C0B66D60CB6D60B5AD60A5B3093B638564"),
            ]),
        (
            "Opus",
            PayloadFormat.Of("opus", 48000, 2),
            null,
            [
                Convert.FromHexString("489C815E8F179128FB29BB6F5C90224AA3648263792649C9990EBA4B2D6EB96C616DE95C"),
                Convert.FromHexString("489B8B96A4DFAC76C38C6797AA468E5C3F779F272958FEB23D887178114093566804D0C49AC0"),
                Convert.FromHexString("B0D79FB84E69AA8C3112582EF3EDF347917B5A5945938B306BB6D85A9DA542"),
                Convert.FromHexString(
                    "58E94054B2F015C0CE28A05993556974728EF64A204321A35665532F6D0D08FBB74F81F7ECBFDF2EC3567C34B5F3B3D56CC5098CF5EB5CCCB51B914C" +
                    "D53822D53D60BFB069C9BB374F251B6B4BB6A0DCBF2E3679AABB0432412DF778F54262DAD4B02535A1E2BE3A3B653767DE8964CDBFF3B252D006F761" +
                    "B8878C0899FCD10B3B930A582CCAFA1E2F3F2317FD67E32C799777AF"),
                Convert.FromHexString(
                    "4A239C815E8F179128FB29BB6F5C90224AA3648263792649C9990EBA4B2D6EB96C616DE95C9B8B96A4DFAC76C38C6797AA468E5C3F779F272958FEB2" +
                    "3D887178114093566804D0C49AC0"),
                Convert.FromHexString(
                    "B3C2031ED79FB84E69AA8C3112582EF3EDF347917B5A5945938B306BB6D85A9DA542D668CD536E4897684840B70A5EC676D672E8767EA3BC2416C540" +
                    "000000"),
            ]),
        (
            "Opus, stereo",
            PayloadFormat.Of("opus", 48000, 2),
            "sprop-stereo=1",
            [
                Convert.FromHexString("489C815E8F179128FB29BB6F5C90224AA3648263792649C9990EBA4B2D6EB96C616DE95C"),
                Convert.FromHexString(
                    "4C880261F346F3C405341B88CBA304106C164059E3C74C09E5B06348196274649F69C00F1794119EC8DC5B4B059FB0E12C91A1A3EEA061663DC844A0" +
                    "696B74F6"),
                Convert.FromHexString("B0D79FB84E69AA8C3112582EF3EDF347917B5A5945938B306BB6D85A9DA542"),
                Convert.FromHexString(
                    "4A239C815E8F179128FB29BB6F5C90224AA3648263792649C9990EBA4B2D6EB96C616DE95C9B8B96A4DFAC76C38C6797AA468E5C3F779F272958FEB2" +
                    "3D887178114093566804D0C49AC0"),
            ]),
        (
            "AMR",
            PayloadFormat.Of("AMR", 8000),
            null,
            [
                Convert.FromHexString("F3C36015BE79CB74987CB59613B2CC2178E491DD04DFB33A49B6049E92C7E6DC"),
                Convert.FromHexString("F861479D75AA6AB88140FACF1F35E4AF3B3431B1D3ED492B49134123456789A0"),
                Convert.FromHexString("F4448D159E2680"),
            ]),
        (
            "AMR, octets",
            PayloadFormat.Of("AMR", 8000),
            "octet-align=1",
            [
                Convert.FromHexString("F03C0D8056F9E72DD261F2D6584ECB3085E3924774137ECCE926D8127A4B1F9B70"),
                Convert.FromHexString("F084FC3CE75D6A9AAE20503EB3C7CD780E0656F9E6DF0C01E90E5521A19C52B79D427F10AC36C21FC0BA8D26E9E290"),
                Convert.FromHexString("F044123456789A"),
            ]),
        (
            "AMR-WB",
            PayloadFormat.Of("AMR-WB", 16000),
            null,
            [
                Convert.FromHexString(
                    "F46F9630471368E5BB0180884A767C8454CBFE19F7BB9E540C9C66C367E5FFAEDE9D06D2FD90066AD21936F256391C80261EF35BE8E26B776540626A" +
                    "54"),
                Convert.FromHexString("F841A74696D7D6AF3C995BE306B3617C51B8EAE06CE8983553A3A63BB3CDADD69891B3"),
                Convert.FromHexString("F4C48D159E2680"),
            ]),
        (
            "AMR-WB, octets",
            PayloadFormat.Of("AMR-WB", 16000),
            "octet-align=1",
            [
                Convert.FromHexString("F004A74696D7D6AF3C995BE306B3617C51B8E0"),
                Convert.FromHexString("F084CC7CA74696D7D6AF3C995BE306B3617C51B8E0123456789A"),
            ]),
    ];
}
