import Testing

@testable import tidemark

@Suite struct ConnectionPasswordTests {
    @Test(
        "A password is found and masked wherever it stands",
        arguments: [
            ("postgresql://u:s3cret@h:1,h2/d?sslmode=disable", "postgresql://u:****@h:1,h2/d?sslmode=disable"),
            (
                "postgresql://h/d?user=u&password=s3cret&sslpassword=k",
                "postgresql://h/d?user=u&password=****&sslpassword=****"
            ),
            ("amqp://u:s3cret@h:5672/%2f,amqp://u:s3cret@i", "amqp://u:****@h:5672/%2f,amqp://u:****@i"),
            ("redis://:s3cret@h:6379", "redis://:****@h:6379"),
            ("host=h password=s3cret user=u", "host=h password=**** user=u"),
            ("password = 's3 \\'cret' host=h", "password = **** host=h"),
        ])
    func masked(connection: String, expected: String) {
        #expect(ConnectionPassword.masked(connection) == expected)
        #expect(ConnectionPassword.isIn(connection))
    }

    @Test(
        "What has none stays as it is",
        arguments: [
            "postgresql://u@h:26257/d?passfile=/p", "amqp://h:5672/%2f", "host=h passfile=/p user=u", "redis://h:6379",
        ])
    func none(connection: String) { #expect(!ConnectionPassword.isIn(connection)) }

    @Test("Each URL's flag and the file for its password are named as they are")
    func names() {
        let names = [Setting.databaseURL, .amqpURL, .redisURL].map { [$0.flag, $0.passwordFile] }
        #expect(
            names == [
                ["--database-url", "TIDEMARK_DATABASE_PASSWORD_FILE"], ["--amqp-url", "TIDEMARK_AMQP_PASSWORD_FILE"],
                ["--redis-url", "TIDEMARK_REDIS_PASSWORD_FILE"],
            ])
        #expect(Setting.databasePasswordFile.environmentVariable == Setting.databaseURL.passwordFile)
    }
}
